// trunk's start script calls this around the loading of the program (`data-initializer`): it shows
// how far the loading is, has the page kept once the program runs, and shows why it does not.
const root = document.documentElement;

export default function initializer() {
  // shell/theme.js has found that this browser cannot run it, and says so.
  if (root.className) throw new Error("this browser cannot run the page");
  const bar = document.querySelector("progress");
  return {
    onProgress({ current, total }) {
      if (current / total > bar.value) bar.value = current / total;
    },
    // Where no service worker may be, the page works all the same.
    onSuccess() {
      navigator.serviceWorker?.register("/sw.js").catch(() => {});
    },
    // A browser that cannot run it, or a network that did not bring it.
    onFailure(error) {
      root.className = error instanceof WebAssembly.CompileError ? "unsupported" : "failed";
      reportError(error);
    },
  };
}

// A program that panics is dead, though what it showed stays. Its panic hook has left the message.
function ended({ error, reason }) {
  const trap = error ?? reason;
  const dialog = document.querySelector(".ended");
  if (!(trap instanceof WebAssembly.RuntimeError) || dialog.open) return;
  const program = document.querySelector("link[rel=preload][href$='.wasm']");
  const report = dialog.querySelector("pre");
  report.textContent = [
    window.tidingsPanic ?? trap.stack ?? trap,
    `page: ${program && new URL(program.href).pathname}`,
    `path: ${location.pathname}`,
    `browser: ${navigator.userAgent}`,
    `time: ${new Date().toISOString()}`,
  ].join("\n");
  const copy = dialog.querySelector("button");
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(report.textContent);
      copy.textContent = "已复制 · Copied";
    } catch {
      // There is no clipboard over plain HTTP: selected, it takes one key.
      getSelection().selectAllChildren(report);
    }
  };
  dialog.showModal();
}
addEventListener("error", ended);
addEventListener("unhandledrejection", ended);

// What is dropped takes the place of the page, unless it is text and falls into a field.
function refuse(event) {
  const { target, dataTransfer } = event;
  if (target.matches?.("input, textarea") && !dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  dataTransfer.dropEffect = "none";
}
addEventListener("dragover", refuse);
addEventListener("drop", refuse);
