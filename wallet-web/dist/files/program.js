// The Rust core's program. It is fetched and compiled while the modules of the interface still load: this one needs none
// of them, and the document runs it first.

const address = new URL('farthing_bg.wasm', import.meta.url);

/** The compiled program. A host that gives it another type than `application/wasm` costs a second request. */
export const compiled = WebAssembly.compileStreaming(fetch(address))
  .catch(async () => WebAssembly.compile(await (await fetch(address)).arrayBuffer()));
compiled.catch(() => {});
