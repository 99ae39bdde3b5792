// Pieces that several screens are made of.

import { announce, byId, clean, foreign, h } from './dom.js';
import { trouble } from './trouble.js';
import { t } from './i18n.js';
import { go } from './router.js';

/** A button. `kind`: "main", "plain" or "link". */
export function button(id, label, onclick, kind = 'plain', attributes = {}) {
  return h('button', { id, type: 'button', class: kind, onclick: onclick && guarded(onclick), ...attributes }, label);
}

/** A button that leads to another screen. */
export const leads = (id, label, name, args = {}, kind = 'plain') =>
  h('button', { id, type: 'button', class: kind, onclick: () => go(name, args) }, label);

/** The way back to the first screen. */
export const back = () => leads('back', t('back'), 'home', {}, 'link');

/** A field with its label and, if there is one, a hint. */
export function field(id, label, attributes = {}, hint = null, name = 'input') {
  const described = hint === null ? null : `${id}-hint`;
  return h('div', { class: 'field' },
    h('label', { for: id }, label),
    h(name, { id, name: id, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', 'aria-describedby': described, ...attributes }),
    hint === null ? null : h('p', { id: described, class: 'soft' }, hint));
}

/** The attributes of a field for an amount. */
export const AMOUNT = { inputmode: 'decimal', required: true, maxlength: 24, enterkeyhint: 'go' };

/** A choice among mints; with one mint, that mint's name and a hidden field. */
export function mintField(mints, chosen = null, label = t('mint')) {
  if (mints.length === 1) {
    return h('p', { class: 'soft' }, label, ': ', foreign(mints[0].name || mints[0].url),
      h('input', { id: 'mint', type: 'hidden', value: mints[0].url }));
  }
  return h('div', { class: 'field' },
    h('label', { for: 'mint' }, label),
    h('select', { id: 'mint' }, mints.map((mint) =>
      h('option', { value: mint.url, selected: mint.url === chosen }, mintName(mint)))));
}

/** A mint as the text of an option. */
export const mintName = (mint) => clean(`${mint.name || mint.url} (${mint.unit})`);

/**
 * A form whose button can be pressed once at a time. What `submit` returns is shown as its result, and what it
 * throws as trouble.
 */
export function form(id, label, fields, submit, others = []) {
  const result = h('div', { class: 'answer', 'aria-live': 'polite' });
  const go = h('button', { id: `${id}-go`, type: 'submit', class: 'main' }, label);
  return h('form', {
    id,
    onsubmit: (event) => {
      event.preventDefault();
      run(go, result, submit);
    },
  }, fields, h('div', { class: 'row' }, go, others), result);
}

/** Runs what a button does, shows that it runs, and what came of it. */
export async function run(pressed, result, action) {
  if (pressed.getAttribute('aria-disabled') === 'true') return;
  pressed.setAttribute('aria-disabled', 'true');
  pressed.classList.add('busy');
  announce(t('working'));
  result.replaceChildren();
  try {
    const said = await action();
    if (said) result.replaceChildren(h('div', { id: 'result', class: 'good' }, said));
    if (!pressed.isConnected && result.isConnected) (result.querySelector('button') ?? byId('title')).focus();
  } catch (error) {
    const box = trouble(error);
    result.replaceChildren(box);
    box.scrollIntoView({ block: 'nearest' });
  } finally {
    pressed.removeAttribute('aria-disabled');
    pressed.classList.remove('busy');
  }
}

/** A listener that shows what goes wrong at the end of the screen. */
function guarded(action) {
  return async ({ currentTarget: pressed }) => {
    let result = pressed.closest('form, li, section')?.querySelector('.answer');
    if (!result) {
      result = byId('answer') ?? h('div', { id: 'answer', class: 'answer' });
      if (!result.isConnected) byId('screen').append(result);
    }
    await run(pressed, result, () => action(pressed));
  };
}

/** A list, or a sentence where it is empty. */
export function list(id, items, nothing) {
  return items.length === 0 ? h('p', { id, class: 'soft' }, nothing) : h('ul', { id, class: 'list' }, items);
}

/** A sentence that has to be seen. */
export const notice = (id, ...children) => h('div', { id, class: 'notice' }, ...children);

/** Copies a text, and says so. */
export const copier = (id, label, text) => button(id, label, async () => {
  await navigator.clipboard.writeText(text);
  announce(t('copied'));
  return t('copied');
});

/** The value of a field, without space around it. */
export const value = (id) => byId(id).value.trim();

/** The value of a secret field, which is emptied. */
export function takeSecret(id) {
  const input = byId(id);
  const text = input.value;
  input.value = '';
  return text;
}
