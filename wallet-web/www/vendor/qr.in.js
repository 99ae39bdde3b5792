// What of the package "qr" is used. vendor.sh makes qr.js of it.
export { encodeQR } from 'qr';
export { decodeQR } from 'qr/decode.js';
