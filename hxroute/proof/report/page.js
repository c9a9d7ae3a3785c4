"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  const cases = all("details.case").map((element) => ({
    element,
    text: element.firstElementChild.textContent.toLowerCase(),
    outcome: element.classList[1],
  }));
  const sections = all("section.cases");
  const buttons = all("[data-outcome]");
  const search = one("input[type=search]");
  let outcome = "";

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of cases) {
      const fits =
        (!outcome || item.outcome === outcome) &&
        words.every((word) => item.text.includes(word));
      item.element.hidden = !fits;
      count += fits;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("details.case:not([hidden])");
    }
    one(".nothing").hidden = count > 0;
    one(".count").textContent = `${count} of ${cases.length} cases shown`;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", button.dataset.outcome === outcome);
    }
  }

  // A link opens its case, whatever is filtered away; so does a name alone.
  function follow() {
    const name = location.hash.slice(1);
    const body = [name, `case-${name}`]
      .map((id) => document.getElementById(id))
      .find((element) => element && element.classList.contains("body"));
    if (!body) return;
    const found = body.parentElement;
    if (found.hidden) {
      outcome = "";
      search.value = "";
      show();
    }
    found.open = true;
    body.focus({ preventScroll: true }); // as the browser itself does
    body.scrollIntoView();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      outcome = button.dataset.outcome;
      show();
    });
  }
  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => {
      for (const { element } of cases) {
        if (!element.hidden) element.open = button.dataset.open === "true";
      }
    });
  }
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value) {
      event.preventDefault();
      search.value = "";
      show();
    }
  });
  addEventListener("hashchange", follow);

  // What a link leads to must not come to stand below the tools.
  function measure() {
    const tools = one(".tools");
    const covers = getComputedStyle(tools).position === "sticky";
    const height = covers ? tools.offsetHeight : 0;
    document.documentElement.style.scrollPaddingTop = `${height + 8}px`;
  }
  addEventListener("resize", measure);

  // Paper has nothing to click on.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = cases
      .filter((item) => item.outcome !== "identical" && !item.element.open)
      .map((item) => item.element);
    for (const element of closed) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of closed) element.open = false;
  });

  one(".tools").hidden = false;
  show();
  measure();
  follow();
})();
