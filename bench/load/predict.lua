-- Sends one distinct text per POST /predict. Argument 1: a file with one JSON body per line.
-- Prints one line of JSON: counts, latencies in microseconds, and the processor time of wrk itself in seconds.
local requests, at = {}, 0

-- Argument 2, if any: milliseconds that a connection waits on average before its next request.
function init(args)
  if args[2] then
    local most = 2 * tonumber(args[2])
    function delay() return math.random(0, most) end
  end
  local headers = { ["content-type"] = "application/json" }
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", "/predict", headers, body)
  end
  cpu_before = os.clock()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

local thread_of_load
function setup(thread)
  thread_of_load = thread
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration_us":%d,"p50_us":%d,"p95_us":%d,"p99_us":%d,"max_us":%d,"bad_status":%d,"socket_errors":%d,"cpu_s":%.3f}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    os.clock() - thread_of_load:get("cpu_before")
  ))
end
