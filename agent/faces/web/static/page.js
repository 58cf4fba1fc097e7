// What the page does by itself: keys, sorting, copying, the list on a phone. Everything else is asked of the server (htmx).
"use strict";
(() => {
  const said = () => document.getElementById("said");

  const grow = (area) => {
    area.rows = Math.min(8, area.value.split("\n").length);
  };

  const copy = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "hidden";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const before = button.dataset.label ?? button.textContent;
    button.dataset.label = before;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  const exact = (cell) => cell.dataset.value ?? cell.textContent;

  // A cell that begins as a formula does is pasted as a text.
  const pasted = (cell) => {
    const text = exact(cell).replace(/[\t\r\n]+/g, " ");
    return !("value" in cell.dataset) && /^\s*[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
  };

  const sort = (button) => {
    const head = button.closest("th");
    const body = head.closest("table").tBodies[0];
    const at = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [row, exact(row.cells[at])]);
    rows.sort(([, a], [, b]) => {
      const x = Number(a), y = Number(b);
      const both = a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y);
      if ((a === "") !== (b === "")) return a === "" ? 1 : -1;
      const order = both ? x - y : a.localeCompare(b, "zh");
      return down ? -order : order;
    });
    body.append(...rows.map(([row]) => row));
  };

  const openSide = (open) => {
    const menu = document.getElementById("menu");
    document.body.classList.toggle("side-open", open);
    menu?.setAttribute("aria-expanded", String(open));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "menu") openSide(!document.body.classList.contains("side-open"));
    if (button.matches(".copy")) copy(button, button.dataset.copy);
    if (button.matches(".sort")) sort(button);
    if (button.matches(".copy-table")) {
      const rows = button.closest("details").querySelector("table").rows;
      copy(button, [...rows].map((row) => [...row.cells].map(pasted).join("\t")).join("\n"));
    }
    if (button.matches(".example")) {
      said().value = button.textContent;
      said().form.requestSubmit();
    }
    if (button.matches(".cancel")) {
      const left = button.closest(".choosing, .pair");
      if (left.matches(".choosing")) {
        said().value = left.querySelector("[name=said]").value;
        grow(said());
      }
      left.remove();
      said().focus();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("select.now")) event.target.form.requestSubmit();
  });

  document.addEventListener("input", (event) => {
    if (event.target === said()) grow(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return; // an input method is still choosing characters
    if (event.target === said() && event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (said().value.trim()) said().form.requestSubmit();
    } else if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      said()?.focus();
    } else if (event.key === "Escape") {
      openSide(false);
      document.querySelectorAll("details.more[open]").forEach((open) => { open.open = false; });
    }
  });

  const showLast = () => {
    const last = document.querySelector("#turns > :last-child");
    last?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("htmx:beforeRequest", () => {
    document.getElementById("problem")?.replaceChildren();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.id === "composer" && event.detail.successful) {
      said().value = "";
      grow(said());
    }
  });
  document.addEventListener("htmx:sendError", () => {
    const place = document.getElementById("problem");
    if (place) place.textContent = document.documentElement.lang === "en" ? "The server cannot be reached." : "连不上服务，请稍后再试。";
  });
  document.addEventListener("htmx:afterSettle", () => {
    // Choices of a turn that is no longer the last one are gone.
    const offered = document.querySelectorAll("#turns .readings");
    offered.forEach((form) => { if (form.closest("article") !== document.querySelector("#turns > article:last-of-type")) form.remove(); });
    showLast();
  });
  document.addEventListener("DOMContentLoaded", showLast);
})();
