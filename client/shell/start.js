// Starts the page: loads the program and shows how far it is. trunk names its two files in links;
// under `trunk serve` its own script starts them, and there is nothing to do here.
const root = document.documentElement;
const glue = document.querySelector("link[rel=modulepreload]");
const wasm = document.querySelector("link[rel=preload][as=fetch]");

// Counts the bytes as they come; `data-bytes` is how many there will be, uncompressed.
async function counted() {
  const answer = await fetch(wasm.href);
  const bar = document.querySelector("progress");
  const total = Number(wasm.dataset.bytes);
  if (!answer.ok || !total || !bar || !answer.body) return answer;
  let read = 0;
  const count = new TransformStream({
    transform(chunk, to) {
      read += chunk.length;
      bar.value = read / total;
      to.enqueue(chunk);
    },
  });
  return new Response(answer.body.pipeThrough(count), answer);
}

// Has the service worker keep what was just loaded. Where it may not, the page works all the same.
function keep() {
  const { build } = document.head.dataset;
  if (build && navigator.serviceWorker) navigator.serviceWorker.register("/sw.js").catch(() => {});
}

// Whether the server has another edition than this one. The program calls it.
window.isOutdated = async () => {
  const { build } = document.head.dataset;
  const answer = await fetch("/build.json", { cache: "no-store" });
  return Boolean(build) && answer.ok && (await answer.json()).build !== build;
};

// A program that panics is dead, though what it showed stays.
function ended({ error, reason }) {
  const dialog = document.querySelector(".ended");
  if ((error ?? reason) instanceof WebAssembly.RuntimeError && !dialog.open) dialog.showModal();
}
addEventListener("error", ended);
addEventListener("unhandledrejection", ended);

if (!document.querySelector("script[type=module]:not([src])") && !root.className) {
  const bytes = counted();
  import(glue.href)
    .then((program) => program.default({ module_or_path: bytes }))
    .then(keep)
    .catch((error) => {
      // A browser that cannot run it, or a network that did not bring it.
      root.className = error instanceof WebAssembly.CompileError ? "unsupported" : "failed";
      throw error;
    });
}
