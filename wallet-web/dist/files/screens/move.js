// The whole wallet goes to another one by a file, or comes from one.

import { call } from '../core.js';
import { address, announce, byId, foreign, h } from '../dom.js';
import { say, t } from '../i18n.js';
import { back, field, form, leads, takeSecret } from '../parts.js';
import { go, replace } from '../router.js';
import { complaint, trouble } from '../trouble.js';
import { budgetLine } from './budgets.js';

/** The largest file that is read, in bytes: far more than a wallet's. */
const BYTES_MAX = 20_000_000;

/** To and from another wallet. */
export async function move() {
  return {
    title: t('move.title'),
    nodes: [
      h('p', {}, t('move.why')),
      h('h2', {}, t('move.out')),
      h('p', {}, t('move.out_why')),
      form('export', t('move.out_go'), [
        field('file-passphrase', t('move.passphrase'), { type: 'password', required: true, autocomplete: 'new-password' }, t('move.passphrase_hint')),
        field('file-again', t('passphrase.again'), { type: 'password', required: true, autocomplete: 'new-password' }),
      ], async () => {
        const [passphrase, again] = [takeSecret('file-passphrase'), takeSecret('file-again')];
        if (passphrase !== again) throw complaint('passphrases_differ', t('passphrase.differs'));
        const done = await call('export', passphrase, t('move.memo'));
        await replace('exported', { shown: done.sent.map(({ shown }) => shown).join(' · '), open: done.open }, { file: done.file });
      }),
      h('h2', {}, t('move.in')),
      h('p', {}, t('move.in_why')),
      form('import', t('move.in_go'), [
        field('import-file', t('move.file'), { type: 'file', required: true }),
        field('import-passphrase', t('move.passphrase'), { type: 'password', required: true, autocomplete: 'off' }),
      ], async () => {
        const [file] = byId('import-file').files;
        if (file.size > BYTES_MAX) throw complaint('import_damaged', t('move.no_file'));
        const seen = await call('lookAtImport', await file.text(), takeSecret('import-passphrase'));
        await go('importing', {}, seen);
      }),
      h('p', { class: 'soft' }, t('move.phrase')),
      leads('go-phrase', t('phrase.show'), 'phrase', {}, 'link'),
      back(),
    ],
  };
}

/** The file is made: it is kept in memory until it is saved. */
export async function exported({ shown, open }, held) {
  if (!held) return replace('sent').then(() => null);
  const url = URL.createObjectURL(new Blob([held.file], { type: 'application/octet-stream' }));
  return {
    title: t('exported.title'),
    nodes: [
      shown ? h('p', { id: 'exported-money', class: 'price' }, shown) : null,
      h('p', {}, t('exported.words')),
      h('p', {}, h('a', { id: 'save', class: 'main', href: url, download: 'wallet.farthing' }, t('exported.save'))),
      h('p', {}, t('exported.next')),
      open ? h('p', { class: 'soft' }, t('exported.open')) : null,
      leads('go-sent', t('sent.title'), 'sent', {}, 'link'),
      back(),
    ],
  };
}

/** What a file has, before any of it is taken. */
export async function importing(_, seen) {
  if (!seen) return replace('move').then(() => null);
  return {
    title: t('importing.title'),
    nodes: [
      h('p', {}, t('importing.why')),
      h('ul', { id: 'import-mints', class: 'list' }, seen.mints.map(({ url, name, shown, account }) => h('li', {},
        h('div', { class: 'between' }, foreign(name || url), h('strong', {}, shown)),
        h('p', { class: 'soft' }, address(url), account ? [' · ', t('settings.account')] : null)))),
      seen.budgets.length === 0 ? null : [
        h('h2', {}, t('budgets.title')),
        h('ul', { id: 'import-budgets', class: 'list' }, seen.budgets.map((budget) => h('li', {}, address(budget.site), h('p', { class: 'soft' }, budgetLine(budget)))))],
      seen.receipts ? h('p', { class: 'soft' }, t('importing.receipts', { receipts: seen.receipts })) : null,
      form('take-over', t('importing.go'), [], async () => {
        const done = await call('import');
        byId('take-over-go').remove();
        announce(t('importing.done'));
        return told(done);
      }),
      back(),
    ],
  };
}

/** What came of it. */
function told({ before, received, kept, failures }) {
  const all = [...failures, ...received.flatMap((each) => each.failures)];
  return [
    h('p', {}, t(before && received.length === 0 ? 'importing.before' : 'importing.done')),
    received.map(({ shown }) => h('p', {}, say('receive.done', { amount: shown }))),
    kept.map(({ what, of }) => h('p', { class: 'soft' }, say(`importing.kept_${what}`, { of }))),
    all.map((error) => trouble(error)),
    leads('done', t('withdraw.home'), 'home', {}, 'main'),
  ];
}
