-- Each connection waits 5 to 15 ms before its next request: what is offered then hardly depends on how fast answers come.
function delay()
  return math.random(5, 15)
end
