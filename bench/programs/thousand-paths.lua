-- Asks for 1,000 paths in turn, so that a server cannot live on the last answer. Made once: wrk stays the faster side.
local requests = {}
local at = 0

init = function()
  for i = 0, 999 do
    requests[i] = wrk.format("GET", "/items/" .. i .. "?expand=all", { ["Accept"] = "application/json" })
  end
end

request = function()
  at = (at + 1) % 1000
  return requests[at]
end
