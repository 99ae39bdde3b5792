// QR codes: drawn, and seen by the camera. The library is loaded when it is needed.

import { h, svg } from './dom.js';

/** A longer text makes modules too small for a phone's camera. */
const CHARS_MAX = 1800;
/** Pause between two looks at the camera's picture, in milliseconds. */
const PAUSE_MS = 200;
/** The longer side of the picture that is looked at, in pixels. */
const SIDE_MAX = 800;

/** A text as a drawing, or `null` if it is too long. */
export async function draw(text, label) {
  if (text.length > CHARS_MAX) return null;
  const { encodeQR } = await import('./vendor/qr.js');
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 });
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return svg('svg', { id: 'qr', class: 'qr', viewBox: `0 0 ${rows.length} ${rows.length}`, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' },
    svg('path', { d: path }));
}

/** Shows the camera's picture until a code is seen, and hands its text over. Ends when the picture leaves the page. */
export async function watch(video, take) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  try {
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    while (video.isConnected) {
      const text = await read(video);
      if (text) return await take(text);
      await new Promise((done) => { setTimeout(done, PAUSE_MS); });
    }
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
  return null;
}

/** What reads a picture: the browser, where it can, and else the library. */
async function reader() {
  if ('BarcodeDetector' in globalThis && (await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { decodeQR } = await import('./vendor/qr-read.js');
  const canvas = h('canvas');
  const picture = canvas.getContext('2d', { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, SIDE_MAX / Math.max(video.videoWidth, video.videoHeight, 1));
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    picture.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(picture.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return null;
    }
  };
}
