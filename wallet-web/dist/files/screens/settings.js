// Mints, phrase, passphrase, language, and which version of the wallet this is.

import { call } from '../core.js';
import { byId, foreign, h } from '../dom.js';
import { choose, current, LANGUAGES, say, t } from '../i18n.js';
import { back, button, leads, list, notice } from '../parts.js';
import { again, go } from '../router.js';
import { agree, look, version, waiting } from '../update.js';

/** The settings. */
export async function settings() {
  const mints = await call('mints');
  return {
    title: t('settings.title'),
    nodes: [
      h('h2', {}, t('settings.mints')),
      list('mints', mints.map((mint) => h('li', { 'data-mint': mint.url },
        h('button', { type: 'button', class: 'link mint', onclick: () => go('mint', { url: mint.url }) }, foreign(mint.name || mint.url)),
        h('p', { class: 'soft' }, foreign(mint.url), mint.account ? [' · ', t('settings.account')] : null))), t('home.no_mint')),
      leads('go-join', t('join.title'), 'join'),
      h('h2', {}, t('settings.safety')),
      h('div', { class: 'stack' },
        leads('go-phrase', t('phrase.show'), 'phrase'),
        leads('go-passphrase', t('passphrase.title'), 'passphrase'),
        leads('go-move', t('move.title'), 'move')),
      h('div', { class: 'field' }, h('label', { for: 'language' }, t('settings.language')),
        h('select', { id: 'language', onchange: () => {
          choose(byId('language').value);
          again();
        } }, Object.entries(LANGUAGES).map(([tag, name]) => h('option', { value: tag, lang: tag, selected: tag === current() }, name)))),
      'registerProtocolHandler' in navigator ? h('section', {},
        button('scheme', t('settings.scheme'), () => {
          navigator.registerProtocolHandler('web+cashu', `${new URL('./', location.href).href}#web=%s`);
        })) : null,
      h('p', {}, leads('go-about', t('about.title'), 'about', {}, 'link')),
      back(),
    ],
  };
}

/** The version, and a newer one that waits for the reader's word. */
export async function about() {
  const [now, next] = [await version(), await waiting()];
  return {
    title: t('about.title'),
    nodes: [
      h('p', {}, t('about.what')),
      versions('version', 'digest', now),
      h('p', { class: 'soft' }, t('about.digest_why')),
      next ? notice('update', h('p', {}, h('strong', {}, t('update.title'))), versions('update-version', 'update-digest', next),
        h('p', {}, t('update.words')), button('update-go', t('update.go'), () => agree(next.digest), 'main'))
        : h('section', {}, button('update-look', t('update.look'), async () => {
          await look();
          if (await waiting()) return again();
          return t('update.none');
        }), h('div', { class: 'answer', 'aria-live': 'polite' })),
      h('p', { class: 'soft' }, say('about.licence')),
      back(),
    ],
  };
}

const versions = (version, digest, of) => h('dl', {},
  h('dt', {}, t('about.version')), h('dd', { id: version }, of?.version ? foreign(of.version) : t('about.unknown')),
  h('dt', {}, t('about.digest')), h('dd', { id: digest, class: 'mono' }, of?.digest ? foreign(of.digest) : t('about.no_digest')));
