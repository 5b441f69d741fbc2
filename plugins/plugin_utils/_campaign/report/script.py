# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page does by itself: find, choose and sort rows, and show long lists piece by piece. It reads nothing but the page."""

from __future__ import annotations

SCRIPT = r"""
"use strict";
(() => {
  const PIECE = 100;
  const byId = (id) => document.getElementById(id);
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const number = (value) => value.toLocaleString("en");
  const plural = (count, noun) => number(count) + " " + noun + (count === 1 ? "" : "s");
  const lists = {};

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  // Rows that stand in the page, and those that wait as text. Their words are read at the first search.
  const standing = (rows) => Array.from(rows, (row) => ({
    row,
    choice: row.dataset.choice,
    words: () => row.textContent + " " + (row.dataset.codes || ""),
    key: (column) => row.cells[column].dataset.key ?? row.cells[column].textContent,
  }));
  const waiting = (rest) => {
    const inert = document.createElement("template");
    // Written by the page's own maker, with every text of the cloud escaped, and the same that a browser without scripts reads.
    inert.innerHTML = rest.textContent;
    return standing(inert.content.querySelectorAll("tbody > tr"));
  };

  // Rows that are data until they are shown: text only, never markup.
  const stored = (table, block) => {
    const { outcome, words, tones, rows } = JSON.parse(block.textContent);
    const heads = Array.from(table.tHead.rows[0].cells);
    const make = (texts) => {
      const row = document.createElement("tr");
      texts.forEach((text, column) => {
        const cell = element("td", "", { "data-label": heads[column].textContent });
        cell.className = heads[column].className;
        const inner = column === outcome ? element("span", words[text] ?? text) : element("bdi", text);
        if (column === outcome) { inner.className = "mark " + (tones[text] ?? ""); }
        cell.appendChild(inner);
        row.appendChild(cell);
      });
      return row;
    };
    return rows.map((texts) => ({
      row: null,
      make: () => make(texts),
      choice: texts[outcome],
      words: () => texts.join(" "),
      key: (column) => texts[column],
    }));
  };

  const setUp = (table) => {
    const block = byId(table.id + "-data");
    const body = table.tBodies[0];
    const box = document.querySelector('.controls[data-list="' + table.id + '"]');
    const find = byId(table.id + "-find"), choose = byId(table.id + "-choice");
    const matches = box && box.querySelector("output");
    const noun = box ? box.dataset.noun : "row";
    let rest = byId(table.id + "-rest");
    const items = block ? stored(table, block) : standing(body.rows);
    const total = items.length + (rest ? Number(rest.dataset.rows) : 0);
    let order = items.slice(), limit = PIECE;
    const complete = () => {
      if (!rest) { return; }
      const more = waiting(rest);
      rest = null;
      items.push(...more);
      order.push(...more);
    };
    const more = element("div", "", { class: "more" });
    const some = element("button", "", { type: "button" }), all = element("button", "", { type: "button" });
    more.append(some, all);
    table.after(more);

    const fits = (item, words) => (!choose || !choose.value || item.choice === choose.value) &&
      words.every((word) => (item.text ??= item.words().toLowerCase()).includes(word));

    const show = (every = false) => {
      const words = find && !every ? find.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
      const narrowed = !every && (words.length || (choose && choose.value));
      if (every || narrowed || limit > PIECE) { complete(); }
      const chosen = narrowed ? order.filter((item) => fits(item, words)) : order;
      const seen = every ? chosen : chosen.slice(0, limit);
      body.replaceChildren(...seen.map((item) => (item.row ??= item.make())));
      const count = narrowed ? chosen.length : total;
      const left = count - seen.length;
      more.hidden = left === 0;
      some.textContent = "Show " + number(Math.min(PIECE, left)) + " more";
      all.textContent = "Show all " + number(count);
      all.hidden = left <= PIECE;
      if (matches) { matches.textContent = narrowed ? number(count) + " of " + plural(total, noun) : plural(total, noun); }
    };

    const heads = Array.from(table.tHead.rows[0].cells);
    const sort = (column, up) => {
      complete();
      heads.forEach((head, place) => {
        if (place === column) { head.setAttribute("aria-sort", up ? "ascending" : "descending"); }
        else { head.removeAttribute("aria-sort"); }
      });
      const keyed = items.map((item) => [item.key(column).trim(), item]);
      // What has no value comes last, whichever way the others are sorted.
      const empty = (key) => key === "" || key === "\u2013";
      keyed.sort(([a], [b]) => empty(a) - empty(b) || (up ? 1 : -1) * collator.compare(a, b));
      order = keyed.map(([, item]) => item);
      show();
    };
    heads.forEach((head, column) => {
      const title = head.textContent;
      const button = element("button", title, { type: "button" });
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") !== "ascending"));
    });

    if (box) {
      // A phone shows no heads of columns.
      const select = element("select", "", { id: table.id + "-sort" });
      select.append(element("option", "as listed", { value: "" }));
      heads.forEach((head, column) => select.append(element("option", head.textContent, { value: column })));
      const label = element("label", "Sort by", { for: select.id, class: "narrow" });
      select.className = "narrow";
      select.addEventListener("change", () => {
        if (select.value) { sort(Number(select.value), true); return; }
        complete();
        order = items.slice();
        heads.forEach((head) => head.removeAttribute("aria-sort"));
        show();
      });
      matches.before(label, select);
      let timer = 0;
      const again = () => { limit = PIECE; show(); };
      find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(again, 60); });
      if (choose) { choose.addEventListener("change", again); }
      box.hidden = false;
    }
    some.addEventListener("click", () => { limit += PIECE; show(); });
    all.addEventListener("click", () => { limit = Infinity; show(); });
    show();
    lists[table.id] = { show };
  };

  document.querySelectorAll("table.list").forEach(setUp);
  document.documentElement.classList.add("js");

  // From a reason to its machines.
  document.querySelectorAll("button[data-show]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const choose = byId("machines-choice");
      if (choose) { choose.value = ""; }
      byId("machines-find").value = button.dataset.show;
      lists.machines.show();
      byId("machines-section").scrollIntoView();
      byId("machines-find").focus({ preventScroll: true });
    });
  });

  // On paper nothing can be opened.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    Object.values(lists).forEach((list) => list.show(true));
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => {
    Object.values(lists).forEach((list) => list.show());
    opened.forEach((details) => { details.open = false; });
  });
})();
"""
