// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// One row of the table: a stream, or the head of a rule's streams.

import { feed } from "./feed.js";
import { streamLink } from "./route.js";
import { h, setText } from "./dom.js";
import { count, duration, fixed, interval, number, percent, signed, signs } from "./text.js";
import { draw } from "./spark.js";

/** The table's columns; `kind` is the class of their cells. */
export const columns = [
  { key: "stream", title: "Stream", hint: "by name", kind: "name" },
  { key: "trend", title: "Latest, next", kind: "trend" },
  { key: "value", title: "Value", hint: "the newest value", kind: "number value" },
  { key: "next", title: "Next", hint: "what is forecast for the next tick", kind: "number next" },
  { key: "interval", title: "Interval", hint: "of the highest level, by its width", kind: "number interval" },
  { key: "skill", title: "Skill", hint: "1 − error / error of repeating the last value, of late", kind: "number skill" },
  { key: "coverage", title: "Held", hint: "share of the values that intervals of the highest level held, of late", kind: "number coverage" },
  { key: "anomaly", title: "Anomaly", hint: "how unusual the newest value is, above 1 for an anomaly", kind: "number anomaly" },
  { key: "status", title: "Status", hint: "worst first", kind: "status" },
  { key: "age", title: "Age", hint: "how long ago the newest value was", kind: "number age" },
];

/** Pixels from one row to the next. */
export const rowHeight = () => (matchMedia("(max-width: 44rem)").matches ? 60 : 38);

export class Row {
  stream = null;
  /** Whether its stream changed, or only grew older, since it was drawn. */
  isOld = true;
  isAged = false;
  #item = null; #index = -1; #top = -1; #query = null; #isSelected = null;

  constructor() {
    this.link = h("a", {});
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.bar = h("i", { class: "bar" });
    const contents = { stream: this.link, trend: this.canvas };
    this.cells = Object.fromEntries(columns.map(({ key, kind }) => [key, h("div", { class: `cell ${kind}`, role: "cell" }, contents[key] ?? "")]));
    this.skill = h("span");
    this.cells.skill.append(this.skill, this.bar);
    this.groupTitle = h("span", {});
    this.element = h("div", { class: "row", role: "row", onclick: (event) => this.#click(event) }, ...Object.values(this.cells), this.groupTitle);
    this.groupTitle.className = "group-title";
  }

  #click(event) {
    if (!this.stream) return this.#item?.toggle();
    if (!event.target.closest("a") && !getSelection().toString()) location.hash = streamLink(this.stream.id);
  }

  hide() { this.element.hidden = true; }

  /** Shows a stream or a group at a place of the table. */
  show(item, index, query, isSelected) {
    this.element.hidden = false;
    const top = index * rowHeight();
    if (index !== this.#index || top !== this.#top) {
      this.element.style.transform = `translateY(${top}px)`;
      this.element.setAttribute("aria-rowindex", String(index + 2));
    }
    if (isSelected !== this.#isSelected) this.element.classList.toggle("selected", isSelected);
    const isOther = item !== this.#item || query !== this.#query;
    this.#item = item; this.#index = index; this.#top = top; this.#query = query; this.#isSelected = isSelected;
    this.stream = item.id ? item : null;
    this.element.classList.toggle("group", !this.stream);
    if (!this.stream) return this.#showGroup(item);
    if (isOther) this.#showName(query);
    if (isOther || this.isOld) this.#showFigures();
    if (isOther || this.isOld || this.isAged) this.#showAge();
    this.isOld = this.isAged = false;
  }

  #showGroup({ rule, streams, isClosed }) {
    const worst = streams.filter((stream) => stream.status === "anomalous").length;
    const skills = streams.map((stream) => stream.skill).filter((skill) => skill !== null).sort((a, b) => a - b);
    const middle = skills.length ? `, skill ${signed(skills[skills.length >> 1])} in the middle` : "";
    setText(this.groupTitle, `${isClosed ? "▸" : "▾"} rule ${rule.number}: ${rule.match}  ·  model ${rule.model}  ·  `
      + `${count(streams.length)} streams${middle}${worst ? `, ${count(worst)} anomalous` : ""}`);
  }

  #showName(query) {
    const { id } = this.stream;
    this.link.href = streamLink(id);
    this.link.title = id;
    const word = query.toLowerCase().split(/\s+/).find((each) => each && !/[*?]/.test(each));
    const start = word ? id.toLowerCase().indexOf(word) : -1;
    if (start < 0) return this.link.replaceChildren(id);
    this.link.replaceChildren(id.slice(0, start), h("mark", {}, id.slice(start, start + word.length)), id.slice(start + word.length));
  }

  #showFigures() {
    const { y, yhat, below, above, skill, coverage, anomaly, status, spark } = this.stream;
    setText(this.cells.value, number(y));
    setText(this.cells.next, number(yhat));
    setText(this.cells.interval, yhat === null || below === null ? "–" : interval(yhat - below, yhat + above));
    setText(this.skill, signed(skill));
    // A skill of 1 is all of the bar to the right, −1 to the left.
    const size = Math.min(Math.abs(skill ?? 0), 1) * 50;
    this.bar.className = `bar ${skill < 0 ? "worse" : "better"}`;
    this.bar.style.width = `${size}%`;
    setText(this.cells.coverage, percent(coverage));
    setText(this.cells.anomaly, fixed(anomaly));
    this.cells.anomaly.classList.toggle("alarming", anomaly > 1);
    setText(this.cells.status, `${signs[status] ?? ""} ${status}`);
    this.cells.status.dataset.status = status;
    this.element.classList.toggle("old", status === "stale");
    draw(this.canvas, spark, { yhat, below, above });
  }

  #showAge() {
    const { ts } = this.stream;
    setText(this.cells.age, ts === null ? "–" : duration((feed.now() - ts) / 1000));
  }
}
