// What of the package "qr" reads codes. vendor.sh makes qr-read.js of it.
export { decodeQR } from 'qr/decode.js';
