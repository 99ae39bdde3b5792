// What of the package "qr" draws codes. vendor.sh makes qr.js of it.
export { encodeQR } from 'qr';
