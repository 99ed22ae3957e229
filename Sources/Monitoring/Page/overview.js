// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// All streams: a table of which only the rows in sight exist.

import { feed } from "./feed.js";
import { keep, streamLink } from "./route.js";
import { h, setText } from "./dom.js";
import { count } from "./text.js";
import { keys, matcher, rank, sorted } from "./order.js";
import { Row, columns, rowHeight } from "./row.js";
import { ask } from "./spark.js";

const statuses = ["ok", "warming", "anomalous", "stale"];
/** Rows that exist above and below those in sight. */
const margin = 6;

export class Overview {
  #query = ""; #status = ""; #sort = "stream"; #isDown = false; #isGrouped = false;
  #closed = new Set(); #items = []; #rows = []; #selected = null; #isRanked = false; #top = 0; #frame = 0;

  constructor() {
    this.search = h("input", {
      type: "search", placeholder: "Search streams: words, or a pattern as plant.*.temp", "aria-label": "Search streams",
      autocomplete: "off", spellcheck: "false", oninput: () => this.#set({ query: this.search.value }),
    });
    this.chips = Object.fromEntries(statuses.map((status) => [status, h("button", {
      type: "button", class: `chip ${status}`, "aria-pressed": "false",
      onclick: () => this.#set({ status: this.#status === status ? "" : status }),
    }, h("i"), h("span", {}, status), h("b", {}, "0"))]));
    this.group = h("button", {
      type: "button", class: "chip", "aria-pressed": "false", onclick: () => this.#set({ isGrouped: !this.#isGrouped }),
    }, "by rule");
    this.order = h("select", { class: "order", "aria-label": "Sort by", onchange: () => {
      const [sort, direction] = this.order.value.split(" ");
      this.#set({ sort, isDown: direction === "down" });
    } }, ...Object.keys(keys).flatMap((key) => [h("option", { value: `${key} up` }, `${key} ↑`), h("option", { value: `${key} down` }, `${key} ↓`)]));
    this.shown = h("span", { class: "shown", role: "status" });
    this.heads = columns.map(({ key, title, hint, kind }) => h("div", { class: `cell ${kind}`, role: "columnheader" },
      key in keys ? h("button", { type: "button", title: hint, "data-key": key, onclick: () => this.#sortBy(key) }, title) : title));
    this.space = h("div", { class: "space", role: "rowgroup" });
    this.body = h("div", { class: "body", tabindex: "0", role: "presentation", onscroll: () => this.#drawSoon() }, this.space);
    this.empty = h("p", { class: "empty", hidden: true });
    this.table = h("div", { class: "table", role: "table", "aria-label": "Streams" },
      h("div", { class: "row head", role: "row" }, ...this.heads), this.body, this.empty);
    this.element = h("section", { class: "streams" },
      h("div", { class: "tools" }, this.search, h("div", { class: "chips" }, ...Object.values(this.chips), this.group), this.order, this.shown),
      this.table);
    new ResizeObserver(() => this.#drawSoon()).observe(this.body);
    for (const name of ["begin", "streams"]) feed.addEventListener(name, () => { this.#isRanked = false; });
    feed.addEventListener("rows", ({ changed }) => {
      for (const row of this.#rows) if (changed.has(row.stream)) row.isOld = true;
      this.#update();
    });
    feed.addEventListener("second", () => { for (const row of this.#rows) row.isAged = true; this.#drawSoon(); });
    document.addEventListener("theme", () => { for (const row of this.#rows) row.isOld = true; this.#drawSoon(); });
  }

  /** The address that shows this view as it was left. */
  address = "#/";

  enter(settings) {
    this.restore(settings);
    this.body.scrollTop = this.#top;
  }

  leave() { this.#top = this.body.scrollTop; }

  restore(settings) {
    this.#query = settings.get("q") ?? "";
    this.#status = settings.get("status") ?? "";
    this.#sort = settings.get("sort") in keys ? settings.get("sort") : "stream";
    this.#isDown = settings.get("down") === "1";
    this.#isGrouped = settings.get("group") === "rule";
    this.search.value = this.#query;
    this.#update();
  }

  clear() { this.search.blur(); this.#set({ query: "", status: "" }); }

  key(event, isTyping) {
    if (event.key === "ArrowDown") return this.#move(1);
    if (event.key === "ArrowUp") return this.#move(-1);
    if (event.key === "Enter" && this.#selected && !event.target.closest("a, button, select")) {
      location.hash = streamLink(this.#selected.id);
      return true;
    }
    if (isTyping) return false;
    if (event.key === "/") { this.search.focus(); this.search.select(); return true; }
    if (event.key === "g") { this.#set({ isGrouped: !this.#isGrouped }); return true; }
    return false;
  }

  #move(step) {
    const streams = this.#items.filter((item) => item.id);
    if (!streams.length) return false;
    const index = streams.indexOf(this.#selected) + step;
    this.#selected = streams[Math.min(Math.max(index, 0), streams.length - 1)];
    const top = this.#items.indexOf(this.#selected) * rowHeight();
    const { scrollTop, clientHeight } = this.body;
    if (top < scrollTop) this.body.scrollTop = top;
    if (top + rowHeight() > scrollTop + clientHeight) this.body.scrollTop = top + rowHeight() - clientHeight;
    this.#drawSoon();
    return true;
  }

  #sortBy(key) {
    const isSame = this.#sort === key;
    // What is worst is wanted first of most, names from their beginning.
    this.#set({ sort: key, isDown: isSame ? !this.#isDown : !["stream", "skill", "coverage"].includes(key) });
  }

  #set({ query = this.#query, status = this.#status, sort = this.#sort, isDown = this.#isDown, isGrouped = this.#isGrouped }) {
    this.#query = query; this.#status = status; this.#sort = sort; this.#isDown = isDown; this.#isGrouped = isGrouped;
    if (this.search.value !== query) this.search.value = query;
    keep({ q: query, status, sort: sort === "stream" ? "" : sort, down: isDown ? "1" : "", group: isGrouped ? "rule" : "" });
    this.body.scrollTop = 0;
    this.#update();
  }

  #update() {
    this.address = location.hash.startsWith("#/stream/") || location.hash === "#/daemon" ? this.address : location.hash || "#/";
    if (!this.element.isConnected) return;
    if (!this.#isRanked) { rank(feed.streams.values()); this.#isRanked = true; }
    const matches = matcher(this.#query);
    const counts = Object.fromEntries(statuses.map((status) => [status, 0]));
    const found = [];
    for (const stream of feed.streams.values()) {
      counts[stream.status] += 1;
      if ((!this.#status || stream.status === this.#status) && matches(stream.search)) found.push(stream);
    }
    sorted(found, this.#sort, this.#isDown);
    this.#items = this.#isGrouped ? this.#grouped(found) : found;
    this.#showTools(counts, found.length);
    this.#drawSoon();
  }

  #grouped(found) {
    const items = [];
    for (const rule of feed.rules) {
      const streams = found.filter((stream) => stream.rule === rule.number);
      if (!streams.length) continue;
      const isClosed = this.#closed.has(rule.number);
      items.push({ rule, streams, isClosed, toggle: () => {
        if (isClosed) this.#closed.delete(rule.number); else this.#closed.add(rule.number);
        this.#update();
      } });
      if (!isClosed) items.push(...streams);
    }
    return items;
  }

  #showTools(counts, found) {
    for (const status of statuses) {
      setText(this.chips[status].lastChild, count(counts[status]));
      this.chips[status].setAttribute("aria-pressed", String(this.#status === status));
    }
    this.group.setAttribute("aria-pressed", String(this.#isGrouped));
    this.order.value = `${this.#sort} ${this.#isDown ? "down" : "up"}`;
    const all = feed.streams.size;
    setText(this.shown, found === all ? `${count(all)} streams` : `${count(found)} of ${count(all)}`);
    columns.forEach(({ key }, index) => {
      const direction = key === this.#sort ? (this.#isDown ? "descending" : "ascending") : "none";
      if (key in keys) this.heads[index].setAttribute("aria-sort", direction);
    });
    this.empty.hidden = found > 0;
    setText(this.empty, all ? "No stream is found. Esc clears the search."
      : feed.state === "connecting" ? "Waiting for the daemon…" : "No values have come yet. Streams appear here with their first value.");
    this.table.setAttribute("aria-rowcount", String(this.#items.length + 1));
  }

  #drawSoon() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
  }

  #draw() {
    if (!this.element.isConnected) return;
    const height = rowHeight();
    this.space.style.height = `${this.#items.length * height}px`;
    const first = Math.max(0, Math.floor(this.body.scrollTop / height) - margin);
    const last = Math.min(this.#items.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / height) + margin);
    while (this.#rows.length < last - first) {
      const row = new Row();
      this.#rows.push(row);
      this.space.append(row.element);
    }
    // Each place of the screen keeps its row, so that little changes when the table is scrolled.
    const [count, missing] = [this.#rows.length, []];
    const used = new Set();
    for (let index = first; index < last; index += 1) {
      const row = this.#rows[index % count];
      used.add(row);
      row.show(this.#items[index], index, this.#query, this.#items[index] === this.#selected);
      if (row.stream && !row.stream.spark) missing.push(row.stream);
    }
    for (const row of this.#rows) if (!used.has(row)) row.hide();
    ask(missing, () => { for (const row of this.#rows) row.isOld = true; this.#drawSoon(); });
  }
}
