// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// Small curves: a stream's newest values, then what is forecast next with its interval.

import { colour } from "./dom.js";
import { feed, sparkLength } from "./feed.js";

/** Values that are on their way. */
const asked = new Set();
let waiting = [];

/** Asks for the newest values of streams that have none yet; `onArrival` is called when they are there. */
export function ask(streams, onArrival) {
  const missing = streams.filter((stream) => !stream.spark && !asked.has(stream.id));
  for (const stream of missing) asked.add(stream.id);
  waiting.push(...missing);
  if (!missing.length) return;
  queueMicrotask(async () => {
    const batch = waiting.splice(0, 50);
    if (!batch.length) return;
    try {
      const ids = batch.map((stream) => encodeURIComponent(stream.id)).join(",");
      const answer = await fetch(`/api/v1/recent?limit=${sparkLength}&streams=${ids}`);
      if (!answer.ok) throw new Error(answer.status);
      const values = (await answer.json()).streams;
      for (const { id } of batch) {
        const stream = feed.byId.get(id);
        if (stream) stream.spark = values[id] ?? [];
      }
      onArrival();
    } catch { /* asked for again when it is shown again */ }
    for (const { id } of batch) asked.delete(id);
    if (waiting.length) ask([], onArrival);
  });
}

let inks = null;
document.addEventListener("theme", () => { inks = null; });

/** Draws a curve; `next` is a forecast with how far its interval reaches, where there is one. */
export function draw(canvas, values, next) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (!values?.length) return;
  inks ??= { line: colour("value"), next: colour("forecast"), band: colour("band") };
  const hasNext = next && Number.isFinite(next.yhat) && next.yhat !== null;
  let [low, high] = [Infinity, -Infinity];
  for (const y of values) { low = Math.min(low, y); high = Math.max(high, y); }
  const span = high - low || Math.abs(high) * 1e-3 || 1;
  // An interval much wider than all that came would make a line of it.
  const near = (y) => Math.min(Math.max(y, low - span), high + span);
  if (hasNext) {
    const ends = [next.yhat, next.yhat - (next.below ?? 0), next.yhat + (next.above ?? 0)].map(near);
    low = Math.min(low, ...ends);
    high = Math.max(high, ...ends);
  }
  const end = width - (next ? 14 : 2);
  const x = (index) => 1 + (end - 2) * (values.length < 2 ? 1 : index / (values.length - 1));
  const y = (value) => 2 + (height - 4) * (1 - (value - low) / (high - low || 1));
  pen.lineWidth = 1.4;
  pen.lineJoin = "round";
  pen.strokeStyle = inks.line;
  pen.beginPath();
  if (high === low) { pen.moveTo(1, height / 2); pen.lineTo(end, height / 2); }
  else values.forEach((value, index) => pen.lineTo(x(index), y(value)));
  pen.stroke();
  if (!hasNext) return;
  const level = high === low ? height / 2 : y(near(next.yhat));
  if (next.below !== null) {
    pen.fillStyle = inks.band;
    const top = y(near(next.yhat + next.above));
    pen.fillRect(end + 3, top, 8, Math.max(1, y(near(next.yhat - next.below)) - top));
  }
  pen.fillStyle = inks.next;
  pen.beginPath();
  pen.arc(end + 7, level, 2.2, 0, 7);
  pen.fill();
}
