// trunk's start script calls this while it loads the program (`data-initializer`): it shows the
// progress, registers the service worker once the program runs, and shows why it does not.
const root = document.documentElement;

export default function initializer() {
  // shell/theme.js found that this browser cannot run the page, and shows that.
  if (root.className) throw new Error("this browser cannot run the page");
  const bar = document.querySelector("progress");
  return {
    onProgress({ current, total }) {
      if (current / total > bar.value) bar.value = current / total;
    },
    // Without a service worker the page works all the same.
    onSuccess() {
      navigator.serviceWorker?.register("/sw.js").catch(() => {});
    },
    // Either the browser cannot run the program, or the network failed to load it.
    onFailure(error) {
      root.className = error instanceof WebAssembly.CompileError ? "unsupported" : "failed";
      reportError(error);
    },
  };
}

// A program that panicked is dead, though the page still shows. Its panic hook has left the
// message.
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
      // There is no clipboard over plain HTTP: the report is selected, so that one key copies it.
      getSelection().selectAllChildren(report);
    }
  };
  dialog.showModal();
}
addEventListener("error", ended);
addEventListener("unhandledrejection", ended);

// A browser would navigate to what is dropped on the page; text may be dropped into a field.
function refuse(event) {
  const { target, dataTransfer } = event;
  if (target.matches?.("input, textarea") && !dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  dataTransfer.dropEffect = "none";
}
addEventListener("dragover", refuse);
addEventListener("drop", refuse);
