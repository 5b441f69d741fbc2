// Copyright (c) 2026 The jdcloud.cloud authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the page does by itself: find, choose and sort rows, show long lists piece by piece, save them, change its language.
// It reads nothing but the page.

"use strict";
(() => {
  const PIECE = 100;
  const byId = (id) => document.getElementById(id);
  const lists = {};

  // The language: the one that was chosen here before, else that of the browser, else the one in which the page is written.
  const LANGUAGES = { en: "en", zh: "zh-CN" }, CHOICE = "jdcloud.cloud language";
  const { written, texts, columns } = JSON.parse(byId("page-words").textContent);
  const stored = () => { try { return localStorage.getItem(CHOICE); } catch { return null; } };
  const store = (name) => { try { localStorage.setItem(CHOICE, name); } catch { /* not allowed here */ } };
  const asked = () => [stored(), ...navigator.languages.map((each) => each.slice(0, 2).toLowerCase()), written]
    .find((each) => Object.hasOwn(LANGUAGES, each ?? ""));
  let language = asked();
  const number = (value) => value.toLocaleString(LANGUAGES[language]);
  // An English text has two forms where a number decides.
  const text = (name, values = {}) => {
    const forms = texts[name][language].split("|");
    const form = forms[values.n === 1 ? 0 : forms.length - 1];
    return form.replace(/\{(\w+)\}/g, (_all, key) => typeof values[key] === "number" ? number(values[key]) : values[key]);
  };

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  // Ids and dates stay in one line: every second piece.
  const WHOLE = /\b((?:i|vol|fip|img|snapshot|ag|port|subnet|vpc|sg|tg|lb)-[0-9a-z]{10}|\d{4}-\d\d-\d\d|[a-z]{2}-[a-z]{4,9}-\d[a-z]?)\b/;
  const pieces = (text) => text.split(WHOLE).map((piece, place) => place % 2 ? element("span", piece, { class: "whole" }) : piece);
  const whole = (text) => {
    const made = element("bdi", "");
    made.append(...pieces(text));
    return made;
  };

  // Each text that has another form in the other language carries it, and the two change places.
  const ATTRIBUTES = ["placeholder", "aria-label"];
  const swap = (node) => {
    const other = node.dataset.t;
    if (other !== undefined) {
      node.dataset.t = node.textContent;
      if (node instanceof HTMLElement && node.tagName !== "OPTION" && WHOLE.test(other)) { node.replaceChildren(...pieces(other)); }
      else { node.textContent = other; }
    }
    ATTRIBUTES.filter((name) => node.hasAttribute("data-t-" + name)).forEach((name) => {
      const other = node.getAttribute("data-t-" + name);
      node.setAttribute("data-t-" + name, node.getAttribute(name));
      node.setAttribute(name, other);
    });
  };
  const SWAPPED = ["[data-t]", ...ATTRIBUTES.map((name) => "[data-t-" + name + "]")].join();
  const swapAll = (root) => root.querySelectorAll(SWAPPED).forEach(swap);

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
    if (language !== written) { swapAll(inert.content); }
    return standing(inert.content.querySelectorAll("tbody > tr"));
  };

  // Rows that are data until they are shown: text only, never markup.
  const data = (table, block) => {
    const { outcome, words, tones, rows } = JSON.parse(block.textContent);
    const mark = (code) => {
      const name = words[code] ?? { en: code, zh: code };
      return element("span", name[language], { class: "mark " + (tones[code] ?? ""), "data-t": name[language === "en" ? "zh" : "en"] });
    };
    const heads = Array.from(table.tHead.rows[0].cells);
    const make = (texts) => {
      const row = document.createElement("tr");
      texts.forEach((text, column) => {
        const cell = element("td", "", heads[column].className === "id" ? {} : { "data-label": heads[column].textContent });
        cell.className = heads[column].className;
        if (column === outcome) { cell.appendChild(mark(text)); }
        else if (text) { cell.appendChild(whole(text)); }
        row.appendChild(cell);
      });
      return row;
    };
    return rows.map((texts) => ({
      row: null,
      make: () => make(texts),
      choice: texts[outcome],
      words: () => texts.join(" ") + " " + (words[texts[outcome]]?.[language] ?? ""),
      key: (column) => texts[column],
    }));
  };

  // A table for other programs: what stands on its own within a cell has a column of its own.
  const fields = (row, titles) => {
    const values = new Map();
    const add = (name, text) => values.set(name, values.has(name) ? values.get(name) + " " + text : text);
    const clean = (node) => node.textContent.replace(/\s+/g, " ").trim();
    Array.from(row.cells).forEach((cell) => {
      const parts = cell.querySelectorAll("[data-csv]"), items = cell.querySelectorAll(".item, .tag");
      const title = titles[cell.cellIndex];
      if (parts.length) { parts.forEach((part) => add(columns[part.dataset.csv][language], clean(part))); }
      else if (items.length) { add(title, Array.from(items, clean).join("; ")); }
      else { add(title, cell.classList.contains("number") ? clean(cell).replaceAll(",", "") : clean(cell)); }
    });
    return values;
  };
  // A spreadsheet would take a text that begins like a formula for one.
  const harmless = (text) => /^[=+\-@\t\r]/.test(text) && !/^-[\d.]+$/.test(text) ? "'" + text : text;
  const quoted = (text) => '"' + harmless(text).replaceAll('"', '""') + '"';
  const csv = (rows, titles) => {
    const lines = rows.map((row) => fields(row, titles));
    const names = Array.from(new Set(lines.flatMap((line) => Array.from(line.keys()))));
    const whole = [names, ...lines.map((line) => names.map((name) => line.get(name) ?? ""))];
    return "\ufeff" + whole.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  };
  const save = (name, text) => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    element("a", "", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  // The filters stand in the address, so that a link leads to the same rows.
  const remembered = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const remember = (fields) => {
    const wanted = remembered();
    fields.forEach((field) => field.value ? wanted.set(field.id, field.value) : wanted.delete(field.id));
    const hash = wanted.toString();
    // An address that only names a section stays as it is.
    if (!hash && !location.hash.includes("=")) { return; }
    try { history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search); } catch { /* not allowed here */ }
  };

  // On a phone each cell has the title of its column.
  const relabelRow = (row, heads) => Array.from(row.cells).forEach((cell, column) => {
    if (cell.dataset.label !== undefined) { cell.dataset.label = heads[column].textContent; }
  });
  const relabel = (table) => Array.from(table.tBodies[0].rows).forEach((row) => relabelRow(row, table.tHead.rows[0].cells));

  const setUp = (table) => {
    const block = byId(table.id + "-data");
    const body = table.tBodies[0];
    const box = document.querySelector('.controls[data-list="' + table.id + '"]');
    const find = byId(table.id + "-find"), choose = byId(table.id + "-choice");
    const matches = box && box.querySelector("output");
    const reset = box && box.querySelector(".reset"), saving = box && box.querySelector(".csv");
    const inputs = [find, choose].filter(Boolean);
    let rest = byId(table.id + "-rest");
    const items = block ? data(table, block) : standing(body.rows);
    const total = items.length + (rest ? Number(rest.dataset.rows) : 0);
    let order = items.slice(), limit = PIECE;
    const complete = () => {
      if (!rest) { return; }
      const more = waiting(rest);
      rest = null;
      if (language !== written) { more.forEach(({ row }) => relabelRow(row, heads)); }
      items.push(...more);
      order.push(...more);
    };
    const more = element("div", "", { class: "more" });
    const some = element("button", "", { type: "button" }), all = element("button", "", { type: "button" });
    more.append(some, all);
    const nothing = element("p", "", { class: "nothing", role: "status" });
    nothing.hidden = true;
    table.after(nothing, more);

    const heads = Array.from(table.tHead.rows[0].cells);
    let titles = () => {};
    const fits = (item, words) => (!choose || !choose.value || item.choice === choose.value) &&
      words.every((word) => (item.text ??= item.words().toLowerCase()).includes(word));

    const isNarrowed = () => inputs.some((field) => field.value.trim());
    const chosenRows = () => {
      if (!isNarrowed()) { return order; }
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      complete();
      return order.filter((item) => fits(item, words));
    };
    const show = (every = false) => {
      const narrowed = !every && isNarrowed();
      if (every || limit > PIECE) { complete(); }
      const chosen = every ? order : chosenRows();
      const seen = every ? chosen : chosen.slice(0, limit);
      body.replaceChildren(...seen.map((item) => (item.row ??= item.make())));
      const count = narrowed ? chosen.length : total;
      const left = count - seen.length;
      more.hidden = left === 0;
      nothing.hidden = !narrowed || count > 0;
      table.hidden = !nothing.hidden;
      if (reset) { reset.hidden = !narrowed && !heads.some((head) => head.hasAttribute("aria-sort")); }
      some.textContent = text("show_more", { n: Math.min(PIECE, left) });
      all.textContent = text("show_all", { n: count });
      all.hidden = left <= PIECE;
      nothing.textContent = text("nothing");
      if (matches) {
        const every = text(table.id, { n: total });
        matches.textContent = narrowed ? text("of", { n: count, all: every }) : every;
      }
    };

    const sort = (column, up) => {
      complete();
      const collator = new Intl.Collator(LANGUAGES[language], { numeric: true, sensitivity: "base" });
      heads.forEach((head, place) => {
        if (place === column) { head.setAttribute("aria-sort", up ? "ascending" : "descending"); }
        else { head.removeAttribute("aria-sort"); }
      });
      const keyed = items.map((item) => [item.key(column).trim(), item]);
      // What has no value comes last, whichever way the others are sorted.
      const empty = (key) => key === "";
      keyed.sort(([a], [b]) => empty(a) - empty(b) || (up ? 1 : -1) * collator.compare(a, b));
      order = keyed.map(([, item]) => item);
      show();
    };
    heads.forEach((head, column) => {
      const title = head.textContent;
      const button = element("button", title, { type: "button" });
      if (head.dataset.t !== undefined) { button.dataset.t = head.dataset.t; }
      delete head.dataset.t;
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") !== "ascending"));
    });

    if (box) {
      // A phone shows no heads of columns.
      const select = element("select", "", { id: table.id + "-sort" });
      select.append(element("option", "", { value: "" }));
      heads.forEach((_head, column) => select.append(element("option", "", { value: column })));
      const label = element("label", "", { for: select.id });
      const field = element("span", "", { class: "field narrow" });
      field.append(label, select);
      titles = () => {
        label.textContent = text("sort");
        [text("as_listed"), ...heads.map((head) => head.textContent)].forEach((title, place) => {
          select.options[place].textContent = title;
        });
      };
      titles();
      const asListed = () => {
        complete();
        order = items.slice();
        heads.forEach((head) => head.removeAttribute("aria-sort"));
      };
      select.addEventListener("change", () => {
        if (select.value) { sort(Number(select.value), true); return; }
        asListed();
        show();
      });
      reset.before(field);
      let timer = 0;
      const again = () => { limit = PIECE; show(); remember(inputs); };
      reset.addEventListener("click", () => {
        inputs.forEach((field) => { field.value = ""; });
        select.value = "";
        asListed();
        again();
        find.focus();
      });
      saving.addEventListener("click", () => {
        complete();
        const name = document.querySelector("h1").textContent + "-" + table.id;
        save(name.replace(/[^\p{L}\p{N}_.-]+/gu, "_") + ".csv", csv(chosenRows().map((item) => (item.row ??= item.make())),
          heads.map((head) => head.textContent)));
      });
      find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(again, 60); });
      if (choose) { choose.addEventListener("change", again); }
      box.hidden = false;
    }
    some.addEventListener("click", () => { limit += PIECE; show(); });
    all.addEventListener("click", () => { limit = Infinity; show(); });
    const recall = () => {
      // A step to a section is no other filter.
      if (location.hash && !location.hash.includes("=")) { return; }
      const wanted = remembered();
      if (!inputs.some((field) => field.value !== (wanted.get(field.id) ?? ""))) { return; }
      inputs.forEach((field) => { field.value = wanted.get(field.id) ?? ""; });
      limit = PIECE;
      show();
    };
    // What stands in the page was translated with it; what does not, and what was put together of words, is translated here.
    const translate = () => {
      items.forEach((item) => {
        item.text = undefined;
        if (!item.row) { return; }
        if (!item.row.isConnected) { swapAll(item.row); }
        relabelRow(item.row, heads);
      });
      titles();
      const sorted = heads.findIndex((head) => head.hasAttribute("aria-sort"));
      if (sorted < 0) { show(); } else { sort(sorted, heads[sorted].getAttribute("aria-sort") === "ascending"); }
    };
    if (language !== written) { translate(); } else { show(); }
    lists[table.id] = { show, recall, translate, remember: () => remember(inputs), asked: () => true };
  };

  const choices = document.querySelector(".languages");
  const mark = () => {
    document.documentElement.lang = LANGUAGES[language];
    choices.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", each.dataset.language === language));
  };
  const turn = () => { swapAll(document); mark(); };
  choices.addEventListener("click", ({ target }) => {
    const wanted = target.dataset.language;
    if (!wanted || wanted === language) { return; }
    language = wanted;
    store(language);
    turn();
    document.querySelectorAll("table.plain").forEach(relabel);
    Object.values(lists).forEach((list) => list.translate());
  });
  if (language !== written) { turn(); } else { mark(); }
  choices.hidden = false;

  document.querySelectorAll("table.list").forEach(setUp);
  if (language !== written) { document.querySelectorAll("table.plain").forEach(relabel); }
  document.documentElement.classList.add("js");
  const recall = () => Object.values(lists).forEach((list) => list.recall());
  window.addEventListener("hashchange", recall);
  const first = Object.keys(lists).find((name) => Array.from(remembered().keys()).some((key) => key.startsWith(name + "-")));
  recall();
  if (first) { byId(first + "-section").scrollIntoView(); }

  // The list of writes is long, and on paper only where it is asked for.
  const paper = byId("writes-paper");
  if (paper) {
    paper.closest("label").hidden = false;
    paper.addEventListener("change", () => document.documentElement.classList.toggle("print-writes", paper.checked));
    lists.writes.asked = () => paper.checked;
  }

  // From a reason to its machines.
  document.querySelectorAll("button[data-show]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const choose = byId("machines-choice");
      if (choose) { choose.value = ""; }
      byId("machines-find").value = button.dataset.show;
      lists.machines.show();
      lists.machines.remember();
      byId("machines-section").scrollIntoView();
      byId("machines-find").focus({ preventScroll: true });
    });
  });

  // On paper nothing can be opened.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    Object.values(lists).filter((list) => list.asked()).forEach((list) => list.show(true));
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => {
    Object.values(lists).filter((list) => list.asked()).forEach((list) => list.show());
    opened.forEach((details) => { details.open = false; });
  });
})();
