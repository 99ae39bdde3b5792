// A token from somebody, looked at before it is accepted; and whatever a camera sees.

import { call } from '../core.js';
import { address, byId, foreign, h } from '../dom.js';
import { readFragment, understand } from '../fragment.js';
import { say, t } from '../i18n.js';
import { back, button, field, form, leads, notice, value } from '../parts.js';
import { watch } from '../qr.js';
import { go, replace } from '../router.js';
import { storageWarning } from '../storage.js';
import { complaint } from '../trouble.js';

/** A token of Farthing or of Cashu, somewhere in a text, or in a link. */
export async function receive({ then = null }, secret) {
  if (secret?.token) return preview(secret.token, then);
  return {
    title: t('receive.title'),
    nodes: [
      await storageWarning(),
      form('look', t('receive.look'), field('token', t('receive.token'), { rows: 4, required: true, placeholder: 'cashuB…' }, t('receive.hint'), 'textarea'), async () => {
        const text = value('token');
        byId('token').value = '';
        const link = understand(text);
        await (link?.screen === 'receive' ? go('receive', { then }, link.secret) : go('receive', { then }, { token: text }));
      }, leads('scan', t('scan.title'), 'scan', { then })),
      back(),
    ],
  };
}

/** What a token says, before it is accepted. */
async function preview(token, then) {
  const seen = await call('receivePreview', token);
  const accept = async () => {
    if (!seen.mintKnown) await call('addMint', seen.mint, null);
    const done = await call('receive', token);
    return accepted(done, then);
  };
  return {
    title: t('receive.title'),
    nodes: [
      h('p', { id: 'preview-amount', class: 'price' }, seen.shown ?? say('receive.smallest', { amount: String(seen.amount), unit: seen.unit })),
      h('dl', {},
        h('dt', {}, t('mint')), h('dd', { id: 'preview-mint' }, foreign(seen.mintName ? `${seen.mintName} – ${seen.mint}` : seen.mint)),
        seen.memo ? [h('dt', {}, t('memo')), h('dd', { id: 'preview-memo' }, foreign(seen.memo))] : null),
      await storageWarning(),
      seen.mintKnown ? null : notice('unknown-mint', h('p', {}, say('receive.unknown', { mint: h('strong', {}, address(seen.mint)) }))),
      h('section', {},
        h('div', { class: 'row' },
          button(seen.mintKnown ? 'accept' : 'add-mint', t(seen.mintKnown ? 'receive.accept' : 'receive.add'), accept, 'main'),
          button('refuse', t('receive.refuse'), () => replace('home'))),
        h('div', { class: 'answer', 'aria-live': 'polite' })),
    ],
  };
}

/** The token is in the wallet: the buttons that could accept it again go. */
function accepted(done, then) {
  byId('refuse').parentElement.remove();
  byId('unknown-mint')?.remove();
  return [h('p', {}, say('receive.done', { amount: done.shown })),
    then ? leads('go-on', t('pay.go_on'), 'pay', then, 'main') : leads('done', t('withdraw.home'), 'home', {}, 'main')];
}

/** The camera, or a text in its place. What waits for the scan goes on with what it finds. */
export async function scan({ then = null, restoring = false }) {
  const video = h('video', { id: 'camera', playsinline: true, muted: true, 'aria-label': t('scan.camera'), hidden: true });
  const take = (text) => {
    const link = understand(text) ?? readFragment(text);
    if (link === null) throw complaint('not_understood', t('scan.unknown'));
    return replace(link.screen, { then, restoring, ...link.args }, link.secret);
  };
  return {
    title: t('scan.title'),
    nodes: [
      h('p', {}, t('scan.why')),
      h('section', {}, video,
        button('camera-on', t('scan.on'), async () => {
          byId('camera-on').hidden = true;
          video.hidden = false;
          try {
            await watch(video, take);
          } finally {
            video.hidden = true;
            if (byId('camera-on')) byId('camera-on').hidden = false;
          }
        }, 'main'),
        h('div', { class: 'answer', 'aria-live': 'polite' })),
      form('scan-text', t('scan.go'), field('scanned', t('scan.text'), { required: true, rows: 3 }, null, 'textarea'), async () => {
        const text = value('scanned');
        byId('scanned').value = '';
        await take(text);
      }),
      back(),
    ],
  };
}
