# An image with the wiretape command, built from this checkout by the same set-up as on any machine.
# NOT PROVEN: it has not been built by the project's tests, which have no container engine.
FROM node:24-bookworm AS build
WORKDIR /src
COPY . .
RUN npm pack && mkdir /app && cd /app && npm init --yes >/dev/null \
    && npm install --ignore-scripts --no-audit --no-fund /src/wiretape-*.tgz

FROM node:24-bookworm-slim
COPY --from=build /app /app
ENTRYPOINT ["/app/node_modules/.bin/wiretape"]
CMD ["--help"]
