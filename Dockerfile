# An image with the wiretape command, built from this checkout by the same set-up as on any machine.
# `npm run test:containers` builds it, and records with it (test/e2e/containers.test.ts).
FROM node:24-bookworm AS build
WORKDIR /src
# What changes seldom comes first, so that a layer kept from an earlier build serves.
COPY scripts/setup scripts/setup
RUN scripts/setup/apt-install.sh $(node -p "require('./scripts/setup/needs').needs.filter((need) => need.for === 'build').map((need) => need.package).join(' ')")
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm pack && mkdir /app && cd /app && npm init --yes >/dev/null \
    && npm install --ignore-scripts --no-audit --no-fund /src/wiretape-*.tgz

FROM node:24-bookworm-slim
COPY --from=build /app /app
ENTRYPOINT ["/app/node_modules/.bin/wiretape"]
CMD ["--help"]
