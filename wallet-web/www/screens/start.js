// The first minutes: a new wallet, its phrase, a wallet from a phrase, and the passphrase at the door.

import { call, create, forget, newPhrase, open, state } from '../core.js';
import { byId, h } from '../dom.js';
import { t } from '../i18n.js';
import { back, button, field, form, leads, takeSecret, value } from '../parts.js';
import { go, replace } from '../router.js';
import { confirmPhrase, phraseConfirmed, storageWarning } from '../storage.js';
import { complaint } from '../trouble.js';

const WORDS = 12;
const ASKED = 3;

/** Where a link wanted to go before there was a wallet. */
let wanted = null;

/** Remembers a link until the wallet is ready. */
export const want = (link) => { wanted = link; };

/** Goes on to the link that was opened, or to the first screen. */
export function goOn() {
  const link = wanted;
  wanted = null;
  return link ? replace(link.screen, link.args, { ...link.secret, fresh: true }) : replace('home');
}

/** Nobody has a wallet here yet. */
export async function welcome() {
  return {
    title: t('welcome.title'),
    nodes: [
      h('p', { class: 'lead' }, t('welcome.what')),
      h('p', {}, t('welcome.how')),
      await storageWarning(false),
      h('div', { class: 'stack' },
        button('new', t('welcome.new'), async () => {
          await create(await newPhrase(), false);
          confirmPhrase(false);
          await replace('phrase', { first: true });
        }, 'main'),
        leads('restore', t('welcome.restore'), 'restore')),
    ],
  };
}

/** The twelve words; of a wallet with a passphrase only for whoever types it. */
export async function phrase({ first = false }, held) {
  if (!held && await call('hasPassphrase')) return ask(first);
  const words = held?.words ?? await call('phrase', null);
  return {
    title: t('phrase.title'),
    nodes: [
      h('p', {}, t('phrase.why')),
      h('ol', { id: 'phrase', class: 'words', translate: 'no' }, words.split(' ').map((word) => h('li', {}, word))),
      h('p', { class: 'soft' }, t('phrase.care')),
      h('div', { class: 'stack' },
        phraseConfirmed() ? null : button('confirm', t('phrase.written'), () => go('confirm', { first }, { words }), 'main'),
        first ? button('later', t('phrase.later'), goOn) : back()),
    ],
  };
}

function ask(first) {
  return {
    title: t('phrase.title'),
    nodes: [
      form('phrase-unlock', t('phrase.show'), field('passphrase', t('passphrase.label'), { type: 'password', required: true, autocomplete: 'current-password' }, t('phrase.locked')), async () => {
        await replace('phrase', { first }, { words: await call('phrase', takeSecret('passphrase')) });
      }),
      back(),
    ],
  };
}

/** Three of the words, to show that they are on paper. */
export async function confirm({ first = false }, held) {
  if (!held) return replace('phrase', { first }).then(() => null);
  const words = held.words.split(' ');
  const numbers = pick();
  return {
    title: t('confirm.title'),
    nodes: [
      h('p', {}, t('confirm.why')),
      form('check', t('confirm.check'), numbers.map((number, index) =>
        field(`word-${index + 1}`, t('confirm.word', { number }), { 'data-number': number, required: true, maxlength: 16 })), async () => {
        const wrong = numbers.find((number, index) => value(`word-${index + 1}`).toLowerCase() !== words[number - 1]);
        if (wrong !== undefined) throw complaint('word_wrong', t('confirm.wrong', { number: wrong }));
        confirmPhrase(true);
        if (first) await replace('passphrase', { first });
        else await replace('home');
      }),
      button('see-phrase', t('confirm.see'), () => go('phrase', { first }, held), 'link'),
    ],
  };
}

/** Three different numbers of words, in order. */
function pick() {
  const numbers = Array.from({ length: WORDS }, (_, index) => index + 1);
  while (numbers.length > ASKED) numbers.splice(crypto.getRandomValues(new Uint32Array(1))[0] % numbers.length, 1);
  return numbers;
}

/** A wallet from twelve words. */
export async function restore() {
  return {
    title: t('restore.title'),
    nodes: [
      h('p', {}, t('restore.why')),
      await storageWarning(false),
      form('restore', t('restore.go'), field('restore-phrase', t('restore.words'), { rows: 3, required: true }, null, 'textarea'), async () => {
        const words = value('restore-phrase').toLowerCase().split(/\s+/).join(' ');
        await create(words, true);
        byId('restore-phrase').value = '';
        confirmPhrase(true);
        await replace('join', { restoring: true });
      }),
      leads('back', t('back'), 'welcome', {}, 'link'),
    ],
  };
}

/** The wallet is encrypted. */
export async function locked() {
  return {
    title: t('locked.title'),
    nodes: [
      h('p', {}, t('locked.why')),
      form('unlock', t('locked.open'), field('passphrase', t('passphrase.label'), { type: 'password', required: true, autocomplete: 'current-password' }), async () => {
        await open(takeSecret('passphrase'));
        await goOn();
      }),
      h('details', {}, h('summary', {}, t('locked.forgot')),
        h('p', {}, t('locked.lost')),
        button('forget', t('locked.forget'), ({ textContent }) => {
          const sure = t('locked.sure');
          if (textContent === sure) return remove();
          byId('forget').textContent = sure;
          return null;
        })),
    ],
  };
}

/** Deletes the wallet, so that one can be restored in its place. */
async function remove() {
  await forget();
  confirmPhrase(false);
  location.reload();
}

/** A passphrase for the wallet, or none. */
export async function passphrase({ first = false }) {
  const has = !first && await call('hasPassphrase');
  const done = () => (first ? goOn() : go('settings'));
  return {
    title: t('passphrase.title'),
    nodes: [
      h('p', {}, t('passphrase.why')),
      form('passphrase-set', t(has ? 'passphrase.change' : 'passphrase.set'), [
        field('passphrase', t('passphrase.label'), { type: 'password', required: true, autocomplete: 'new-password' }, t('passphrase.hint')),
        field('passphrase-again', t('passphrase.again'), { type: 'password', required: true, autocomplete: 'new-password' }),
      ], async () => {
        const [one, two] = [takeSecret('passphrase'), takeSecret('passphrase-again')];
        if (one !== two) throw complaint('passphrase_differs', t('passphrase.differs'));
        await call('setPassphrase', one);
        await done();
      }),
      has ? button('passphrase-remove', t('passphrase.remove'), async () => {
        await call('setPassphrase', null);
        await go('settings');
      }) : null,
      first ? button('passphrase-skip', t('passphrase.skip'), goOn) : back(),
    ],
  };
}

/** The screen to begin with: depends on whether there is a wallet, and whether it is open. */
export async function door() {
  const is = await state();
  if (is === 'none') return 'welcome';
  if (is === 'sealed') return 'locked';
  await open();
  return null;
}
