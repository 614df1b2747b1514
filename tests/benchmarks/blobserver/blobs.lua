-- The blob protocol's answers that nginx does not know by itself. Blobs are files, which nginx sends, with ranges and
-- conditions; this lists them, and puts on each answer what a blob's has. Pages are kept once they were asked for, so
-- that from the second round on a listing costs the server next to nothing.
-- https://learn.microsoft.com/rest/api/storageservices/list-blobs

local M = {}
local containers = {}
local pages = {}
local PAGE = 5000

-- A container's index: "name<tab>size<tab>hexadecimal mtime<tab>Last-Modified" a line, in the order of bytes.
function M.load(path, container)
  local known = { names = {}, size = {}, etag = {}, modified = {}, at = {} }
  local n = 0
  for line in io.lines(path) do
    local name, size, mtime, modified = line:match("^([^\t]*)\t(%d+)\t(%x+)\t(.*)$")
    n = n + 1
    known.names[n], known.size[n], known.modified[n] = name, size, modified
    known.etag[n] = string.format("%s-%x", mtime, tonumber(size)) -- as nginx makes that of a file
    known.at[name] = n
  end
  known.count = n
  containers[container] = known
end

local function from(names, count, key)
  local low, high = 1, count + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if names[middle] < key then low = middle + 1 else high = middle end
  end
  return low
end

local function escaped(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\""] = "&quot;" }))
end

local function blob(known, i)
  return "<Blob><Name>" .. escaped(known.names[i]) .. "</Name><Properties><Creation-Time>" .. known.modified[i]
    .. "</Creation-Time><Last-Modified>" .. known.modified[i] .. "</Last-Modified><Etag>" .. known.etag[i]
    .. "</Etag><Content-Length>" .. known.size[i] .. "</Content-Length><Content-Type>application/octet-stream"
    .. "</Content-Type><Content-Encoding /><Content-Language /><Content-CRC64 /><Content-MD5 /><Cache-Control />"
    .. "<Content-Disposition /><BlobType>AppendBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>"
    .. "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata /></Blob>"
end

local function page(container, known, asked)
  local prefix, delimiter = asked.prefix or "", asked.delimiter or ""
  local most = math.min(tonumber(asked.maxresults) or PAGE, PAGE)
  local first = prefix
  for _, other in ipairs({ asked.marker or "", asked.startFrom or "" }) do
    if other > first then first = other end
  end
  local names, i, found, out = known.names, from(known.names, known.count, first), 0, {}
  while i <= known.count and found < most and names[i]:sub(1, #prefix) == prefix do
    local cut = delimiter ~= "" and names[i]:find(delimiter, #prefix + 1, true)
    found = found + 1
    if cut then
      local below = names[i]:sub(1, cut + #delimiter - 1)
      out[found] = "<BlobPrefix><Name>" .. escaped(below) .. "</Name></BlobPrefix>"
      i = from(names, known.count, below:sub(1, -2) .. string.char(below:byte(-1) + 1))
    else
      out[found] = blob(known, i)
      i = i + 1
    end
  end
  local more = i <= known.count and names[i]:sub(1, #prefix) == prefix
  return '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://127.0.0.1/benchmark/"'
    .. ' ContainerName="' .. container .. '"><Prefix>' .. escaped(prefix) .. "</Prefix><MaxResults>" .. most
    .. "</MaxResults><Blobs>" .. table.concat(out) .. "</Blobs>"
    .. (more and "<NextMarker>" .. escaped(names[i]) .. "</NextMarker>" or "<NextMarker />") .. "</EnumerationResults>"
end

local function answer(status, body, code)
  ngx.status = status
  ngx.header["Content-Type"] = "application/xml"
  ngx.header["Content-Length"] = #body
  ngx.header["x-ms-error-code"] = code
  if ngx.req.get_method() ~= "HEAD" then ngx.print(body) end
  return ngx.exit(status == 200 and 200 or ngx.HTTP_OK)
end

local function missing(code)
  return answer(404, "<?xml version=\"1.0\"?><Error><Code>" .. code .. "</Code><Message>not found</Message></Error>",
    code)
end

-- Called before nginx looks for a file: what returns leaves the answer to it.
function M.rewrite(seconds)
  ngx.sleep(seconds)
  ngx.header["x-ms-version"] = ngx.var.http_x_ms_version
  ngx.header["x-ms-request-id"] = ngx.var.request_id
  local container, name = ngx.var.uri:match("^/[^/]+/([^/]+)/?(.*)$")
  local known = containers[container or ""]
  if not known then return missing("ContainerNotFound") end
  if ngx.var.arg_comp == "list" then
    local asked = ngx.req.get_uri_args()
    local key = table.concat({ container, asked.prefix or "", asked.delimiter or "", asked.marker or "",
      asked.startFrom or "", asked.maxresults or "" }, "\0")
    pages[key] = pages[key] or page(container, known, asked)
    return answer(200, pages[key])
  end
  if name == "" then return answer(200, "") end -- the container's own properties
  if not known.at[name] then return missing("BlobNotFound") end
  local range = ngx.var.http_x_ms_range -- azure's clients send this one, so that no proxy meddles
  if range then ngx.req.set_header("Range", range) end
  local match = ngx.var.http_if_match
  if match and match ~= "*" and match:sub(1, 1) ~= '"' then ngx.req.set_header("If-Match", '"' .. match .. '"') end
  ngx.header["x-ms-blob-type"] = "AppendBlob"
  ngx.header["x-ms-creation-time"] = known.modified[known.at[name]]
  ngx.header["x-ms-server-encrypted"] = "true"
end

return M
