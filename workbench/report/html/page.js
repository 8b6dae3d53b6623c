"use strict";
// Bytes under the pointer, and where they came from or went to, light up together: data-l="12-15" is the part of
// call 12's bytes that call 15 received.
const byLink = new Map();
for (const part of document.querySelectorAll("[data-l]")) {
  if (!byLink.has(part.dataset.l)) byLink.set(part.dataset.l, []);
  byLink.get(part.dataset.l).push(part);
}
let lit = [];
function light(element, name) {
  element.classList.add(name);
  lit.push([element, name]);
}
function show(link) {
  for (const part of byLink.get(link) || []) light(part, "lit");
  for (const seq of link.split("-")) {
    const call = document.getElementById("c" + seq);
    if (call) light(call, "related");
  }
}
document.addEventListener("mouseover", event => {
  for (const [element, name] of lit) element.classList.remove(name);
  lit = [];
  const part = event.target.closest("[data-l]");
  const call = event.target.closest(".call");
  if (part) show(part.dataset.l);
  else if (call) new Set([...call.querySelectorAll("[data-l]")].map(each => each.dataset.l)).forEach(show);
});
const folding = document.getElementById("folding");
folding.hidden = false;
folding.addEventListener("click", event => {
  const open = event.target.value === "open";
  if (event.target.value) for (const call of document.querySelectorAll("details.call")) call.open = open;
});
