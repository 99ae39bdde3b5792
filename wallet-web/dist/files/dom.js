// Elements of the page. Text goes in as text only: nothing here, or anywhere else, parses HTML.

/** Characters of names and notes from outside that are shown at most. */
const FOREIGN_CHARS_MAX = 200;
const SVG = 'http://www.w3.org/2000/svg';
/** What cannot be seen, or turns the text beside it around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** @typedef {Node | string | null | undefined | false | Child[]} Child */

/**
 * Makes an element. Attributes that are `null` or `false` are left out; functions are listeners ("onclick").
 * @param {string} name
 * @param {Record<string, unknown>} attributes
 * @param {...Child} children
 */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an element of a drawing. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Text that others chose: cut to a length, with what cannot be seen replaced. */
export function clean(text, max = FOREIGN_CHARS_MAX) {
  const chars = [...String(text ?? '').replace(UNSEEN, '\u{fffd}')];
  return chars.length > max ? chars.slice(0, max).join('') + '…' : chars.join('');
}

/** The same as an element whose direction does not leak. */
export function foreign(text, max = FOREIGN_CHARS_MAX) {
  return h('bdi', {}, clean(text, max));
}

/** An address as people read it: without the scheme that is usual. */
export function address(url) {
  return foreign(String(url).replace(/^https:\/\//, '').replace(/\/$/, ''));
}

export const byId = (id) => document.getElementById(id);

/** Says a sentence to people who do not see the page. */
export function announce(text) {
  const live = byId('live');
  live.textContent = '';
  requestAnimationFrame(() => { live.textContent = text; });
}
