// Whether the browser keeps what the wallet writes, and whether the reader knows the way to get it back.

import { h } from './dom.js';
import { t } from './i18n.js';
import { leads } from './parts.js';
import { PREFIX } from './place.js';

const CONFIRMED = `${PREFIX}phrase-confirmed`;

const persisted = async () => (await navigator.storage?.persisted?.()) ?? false;

/**
 * A warning where the browser has not promised to keep the wallet. It is asked to, and the warning goes if it does; a
 * browser that asks its user first may answer much later, or never.
 */
export async function storageWarning(hasWallet = true) {
  if (await persisted()) return null;
  const safe = hasWallet && phraseConfirmed();
  const warning = h('div', { class: 'notice storage-warning' },
    h('p', {}, h('strong', {}, t('storage.title')), ' ', t(safe ? 'storage.safe' : 'storage.words')),
    hasWallet && !safe ? leads('storage-phrase', t('phrase.show'), 'phrase') : null);
  navigator.storage?.persist?.().then((kept) => kept && warning.remove(), () => {});
  return warning;
}

/** Whether the reader has shown that the phrase is on paper. */
export function phraseConfirmed() {
  try {
    return localStorage.getItem(CONFIRMED) !== null;
  } catch {
    return false;
  }
}

/** Writes down whether it is. */
export function confirmPhrase(done) {
  try {
    if (done) localStorage.setItem(CONFIRMED, '1');
    else localStorage.removeItem(CONFIRMED);
  } catch {
    // The reader is reminded again.
  }
}
