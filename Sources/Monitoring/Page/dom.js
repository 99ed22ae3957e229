// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// Elements. Text only ever enters the page as text, never as markup.

/** Makes an element: properties, `on…` listeners and attributes, then children: elements or text. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts text into an element, if it is another than it has. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A colour of the style sheet, as it is now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
