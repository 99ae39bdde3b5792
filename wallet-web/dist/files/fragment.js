// Links to the wallet. What they say is in the fragment, which no server sees and which is taken out of the address at once.

const CHARS_MAX = 200_000;

/** @typedef {{screen: 'pay' | 'receive' | 'join', args: object, secret: object | null}} Link */

/** Takes the fragment out of the address. */
export function takeFragment() {
  const { hash, pathname } = location;
  if (hash === '') return '';
  history.replaceState(history.state, '', pathname);
  return hash.slice(1);
}

/** The values of "a=1&b=2", decoded; a `+` stays one. */
function values(text) {
  const found = {};
  for (const part of text.split('&')) {
    const at = part.indexOf('=');
    if (at < 1) continue;
    try {
      found[part.slice(0, at)] ??= decodeURIComponent(part.slice(at + 1));
    } catch {
      // Not percent-encoding: this value is left out.
    }
  }
  return found;
}

/** What a fragment asks for, or `null`. @returns {Link | null} */
export function readFragment(text) {
  if (text === '' || text.length > CHARS_MAX) return null;
  const { pay, url, keysets, part, page, join, token, web } = values(text);
  if (pay && isWeb(url)) {
    const around = isWeb(page) && new URL(page).origin === new URL(url).origin ? page : null;
    return { screen: 'pay', args: { request: pay, url, keysets: keysets ?? null, part: part === '1', page: around }, secret: null };
  }
  if (isWeb(join)) return { screen: 'join', args: { url: join, asked: true }, secret: { token: token ?? null } };
  if (token) return { screen: 'receive', args: { asked: true }, secret: { token } };
  return web ? understand(web) : null;
}

/** What a text that was pasted or scanned asks for: a link to any wallet, a token, or a mint. @returns {Link | null} */
export function understand(text) {
  const plain = text.trim().replace(/^(web\+)?cashu:(\/\/)?/i, '');
  const fragment = /^[^#\s]*#(.+)$/s.exec(plain)?.[1];
  const link = fragment ? readFragment(fragment.replace(/^web=/, 'none=')) : null;
  if (link) return link;
  if (/cashu[ab]|creqa/i.test(plain)) return { screen: 'receive', args: {}, secret: { token: plain } };
  return isWeb(plain) ? { screen: 'join', args: { url: plain, asked: true }, secret: null } : null;
}

/** Whether a text is the address of something on the web. */
function isWeb(text) {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}
