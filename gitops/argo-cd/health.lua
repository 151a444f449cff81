-- Health of a ProgramUserInfoJob from its conditions, of which exactly one is true.
local health = {status = "Progressing", message = "waiting for the controller"}
local status = obj.status
if status == nil or status.conditions == nil then
  return health
end
if status.observedGeneration ~= obj.metadata.generation then
  health.message = "the controller has not seen this generation yet"
  return health
end
for _, condition in ipairs(status.conditions) do
  if condition.status == "True" then
    health.message = condition.message
    if condition.type == "Stalled" then
      health.status = "Degraded"
    elseif condition.type == "Ready" and condition.reason == "Suspended" then
      health.status = "Suspended"
    elseif condition.type == "Ready" then
      health.status = "Healthy"
    end
  end
end
return health
