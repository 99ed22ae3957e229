// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// Which streams are shown, and in which order.

const byName = new Intl.Collator("en", { numeric: true });
const worst = { anomalous: 4, stale: 3, reset: 2, warming: 1, ok: 0 };

/** What streams can be sorted by; what is not known comes last either way. */
export const keys = {
  stream: null,
  value: (s) => s.y,
  next: (s) => s.yhat,
  interval: (s) => (s.below === null ? null : s.below + s.above),
  skill: (s) => s.skill,
  coverage: (s) => s.coverage,
  anomaly: (s) => s.anomaly,
  status: (s) => worst[s.status] ?? 0,
  age: (s) => (s.ts === null ? null : -s.ts),
};

/** A test of ids: each word must be in the id, or match all of it where it has * or ?. */
export function matcher(text) {
  const tests = text.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    if (!/[*?]/.test(word)) return (id) => id.includes(word);
    const pattern = word.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
    const expression = new RegExp(`^${pattern}$`);
    return (id) => expression.test(id);
  });
  return (id) => tests.every((test) => test(id));
}

/** Gives each stream its rank by name. */
export function rank(streams) {
  const all = [...streams].sort((a, b) => byName.compare(a.id, b.id));
  all.forEach((stream, index) => { stream.rank = index; });
  return all;
}

/** Sorts by a key, up or down; equal ones by name. */
export function sorted(streams, key, isDown) {
  const value = keys[key];
  const sign = isDown ? -1 : 1;
  if (!value) return streams.sort((a, b) => sign * (a.rank - b.rank));
  const values = new Map(streams.map((stream) => [stream, value(stream)]));
  return streams.sort((a, b) => {
    const [x, y] = [values.get(a), values.get(b)];
    if (x === null || y === null) return (x === null) - (y === null) || a.rank - b.rank;
    return sign * (x - y) || a.rank - b.rank;
  });
}
