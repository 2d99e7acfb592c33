// Letters as shortcuts, on pages that offer them; the dialog that "?" opens tells which, and switches them off.
//   <ul data-keys-list>             j and k go through its <li data-keys-item>: the focus goes to the item where it takes it (tabindex),
//                                   else to what Enter would press in it, or to its first control
//   <a data-key="c">                what that key presses: in the item with the focus, or outside of any list; a text field gets the focus,
//                                   and so does the field in what a <summary> opens; Escape leads back from it to the item
//   <dialog data-keys-help>         opened by "?", and by any <button data-keys-help hidden>, which is shown where this script runs
//   <input data-keys-switch>        in the dialog: whether single keys do anything
//   <output data-keys-ticked="{}">  tells how many boxes of data-key="x" are ticked; what is ticked stays so when live.js swaps the list
const OFF = "momentum.keys.off";
const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=hidden]), textarea, select, [contenteditable]";
const BOXES = '[data-keys-list] input[data-key="x"]';
const ticked = new Set();
const all = (what) => [...document.querySelectorAll(what)];
const help = document.querySelector("dialog[data-keys-help]");
const control = help?.querySelector("[data-keys-switch]");

function stored(change) {
  try {
    if (change === true) localStorage.removeItem(OFF);
    if (change === false) localStorage.setItem(OFF, "1");
    return !localStorage.getItem(OFF);
  } catch {
    return change ?? true; // a browser that keeps nothing
  }
}

const rows = () => all("[data-keys-list] [data-keys-item]").filter((row) => row.getClientRects().length);
const here = () => rows().findIndex((row) => row.contains(document.activeElement));

function go(by) {
  const list = rows();
  const at = here();
  const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
  const inside = next?.querySelector('[data-key="Enter"]') ?? next?.querySelector("a, button, input");
  (next?.hasAttribute("tabindex") ? next : inside)?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function press(key) {
  const named = (part) => [...part.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  const row = rows()[here()];
  const found = (row && named(row)) ?? all("[data-key]").find((one) => one.dataset.key === key && !one.closest("[data-keys-list]"));
  if (!found) return false;
  const field = found.matches("summary") ? found.parentElement.querySelector(FIELDS) : null;
  if (found.matches(FIELDS)) found.focus();
  else if (!field || !found.parentElement.open) found.click();
  if (found.parentElement.open) field?.focus(); // open already: it is written in again
  return true;
}

function tell() {
  for (const output of all("[data-keys-ticked]")) {
    output.textContent = ticked.size ? output.dataset.keysTicked.replace("{}", ticked.size) : "";
  }
}

function remember() {
  for (const box of all(BOXES)) box.checked ? ticked.add(box.value) : ticked.delete(box.value);
  tell();
}

function restore() {
  const boxes = all(BOXES);
  for (const box of boxes) box.checked = ticked.has(box.value);
  for (const value of ticked) if (!boxes.some((box) => box.value === value)) ticked.delete(value);
  for (const button of all("button[data-keys-help]")) button.hidden = !help;
  tell();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest(FIELDS)) return event.target.closest("[data-keys-item][tabindex]")?.focus();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) return event.target.form.requestSubmit();
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(FIELDS) || document.querySelector("dialog[open]") || !control?.checked) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return; // the browser's own
  if (event.repeat && !"jk".includes(event.key)) return; // a key that is held presses once
  const done = { j: () => go(1), k: () => go(-1), "?": () => help.showModal() }[event.key];
  if (done ? (done(), true) : press(event.key)) event.preventDefault();
});
document.addEventListener("click", (event) => event.target.closest("button[data-keys-help]") && help?.showModal());
document.addEventListener("change", (event) => {
  if (event.target === control) stored(control.checked);
  else if (event.target.matches(BOXES)) remember();
});
document.addEventListener("momentum:swapped", restore);
addEventListener("pageshow", remember);
if (control) control.checked = stored();
for (const button of all("button[data-keys-help]")) button.hidden = !help;
