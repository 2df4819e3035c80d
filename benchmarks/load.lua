-- One load for wrk: `wrk … -s load.lua URL -- METHOD BODY PATH…`; prints what came of it as JSON.
-- `#` in the body or in a header is replaced by the number of the request; paths take turns.
local paths, body, number, varied = {}, "", 0, {}

function init(args)
  wrk.method, body = args[1] or "GET", args[2] or ""
  for place = 3, #args do paths[#paths + 1] = args[place] end
  if #paths == 0 then paths = { wrk.path } end
  for name, value in pairs(wrk.headers) do
    if value:find("#", 1, true) then varied[name] = value end
  end
  if wrk.method == "GET" and #paths == 1 then
    wrk.path = paths[1]
    local same = wrk.format()
    request = function() return same end
  end
end

function request()
  number = number + 1
  for name, value in pairs(varied) do wrk.headers[name] = value:gsub("#", number) end
  return wrk.format(nil, paths[number % #paths + 1], nil, (body:gsub("#", number)))
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"refused":%d,"failed":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
