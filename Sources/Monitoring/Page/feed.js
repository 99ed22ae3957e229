// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// What the daemon tells: all streams, as they change, and the daemon itself.

/** A stream's newest values that are kept for its sparkline. */
export const sparkLength = 48;
/** Without a word for so long, what is shown may be old. */
const patience = 5000;
/** A page that nobody sees for so long hears no more: browsers allow few connections to one place. */
const hiddenPatience = 20_000;

class Stream {
  constructor(n, id, rule) {
    Object.assign(this, { n, id, rule, search: id.toLowerCase(), spark: null, seq: 0, ts: null });
    this.y = this.yhat = this.below = this.above = this.skill = this.coverage = this.anomaly = null;
    this.status = "warming";
  }
}

class Feed extends EventTarget {
  streams = new Map();
  byId = new Map();
  rules = [];
  status = null;
  statuses = [];
  problem = null;
  state = "connecting";
  lastWord = 0;
  /** This many milliseconds the daemon's clock is ahead of ours. */
  offset = 0;
  epoch = null;
  #source = null;
  #retry = null;
  #last = "";

  start() {
    this.#connect();
    setInterval(() => this.#judge(), 1000);
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.hiding);
      if (document.hidden) this.hiding = setTimeout(() => this.#pause(), hiddenPatience);
      else if (!this.#source) this.#connect();
    });
    addEventListener("pagehide", () => this.#pause());
    addEventListener("pageshow", () => { if (!this.#source) this.#connect(); });
  }

  /** The time by the daemon's clock. */
  now() { return Date.now() + this.offset; }

  get isLive() { return this.state === "live"; }

  #pause() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
    this.lostSince = this.lastWord;
    this.#setState("connecting");
  }

  #connect() {
    this.#source?.close();
    const source = new EventSource(`/api/v1/events${this.#last ? `?after=${encodeURIComponent(this.#last)}` : ""}`);
    this.#source = source;
    const on = (name, take) => source.addEventListener(name, (event) => {
      this.lastWord = Date.now();
      if (event.lastEventId) this.#last = event.lastEventId;
      take(JSON.parse(event.data));
    });
    on("hello", (data) => this.#begin(data));
    on("streams", (data) => this.#name(data));
    on("rows", (data) => this.#take(data));
    on("status", (data) => {
      this.problem = null;
      this.status = data;
      this.statuses.push({ time: Date.now(), ...data.rates, memory: data.memory });
      if (this.statuses.length > 180) this.statuses.shift();
      this.#judge();
      this.dispatchEvent(new Event("status"));
    });
    on("problem", (data) => { this.problem = data; this.#judge(); });
    source.onerror = () => {
      this.#setState("lost");
      // A refusal ends the source; a lost connection it mends by itself.
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#connect(), 2000);
    };
  }

  #begin(data) {
    this.rules = data.rules;
    this.columns = data.columns;
    if (this.epoch !== data.epoch || !data.resumed) {
      this.streams.clear();
      this.byId.clear();
      this.epoch = data.epoch;
      this.dispatchEvent(new Event("begin"));
    }
  }

  #name(data) {
    for (const [n, id, rule] of data) {
      const known = this.streams.get(n);
      if (known?.id === id) continue;
      // Another stream has its place now.
      if (known && this.byId.get(known.id) === known) this.byId.delete(known.id);
      const stream = new Stream(n, id, rule);
      this.streams.set(n, stream);
      this.byId.set(id, stream);
    }
    this.dispatchEvent(new Event("streams"));
  }

  #take({ now, rows }) {
    this.offset = now - Date.now();
    const changed = new Set();
    for (const [n, seq, ts, y, yhat, below, above, skill, coverage, anomaly, status] of rows) {
      const stream = this.streams.get(n);
      if (!stream) continue;
      if (ts !== stream.ts && stream.spark) {
        stream.spark.push(y);
        if (stream.spark.length > sparkLength) stream.spark.shift();
      }
      Object.assign(stream, { seq, ts, y, yhat, below, above, skill, coverage, anomaly, status });
      changed.add(stream);
    }
    this.#judge();
    const event = new Event("rows");
    event.changed = changed;
    this.dispatchEvent(event);
  }

  #judge() {
    if (!this.#source) return;
    const isSilent = this.state === "live" && Date.now() - this.lastWord > patience;
    if (isSilent) this.#setState("lost");
    else if (this.problem) this.#setState("problem");
    else if (Date.now() - this.lastWord < patience && this.#source.readyState === EventSource.OPEN) this.#setState("live");
    this.dispatchEvent(new Event("second"));
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    if (state === "lost" && this.lastWord) this.lostSince = this.lastWord;
    this.dispatchEvent(new Event("state"));
  }
}

export const feed = new Feed();
