// Runs before the first paint: applies the chosen theme and text size, and checks that this browser
// can run the page and that all of its scripts loaded. Plain old JavaScript, so that an old browser
// gets that far.
(function () {
  var root = document.documentElement;
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function kept(key) {
    // Reading throws where storage is forbidden.
    try { return localStorage.getItem("tidings." + key); } catch (error) { return null; }
  }
  function apply() {
    var theme = kept("theme");
    root.dataset.theme = theme === "dark" || (theme !== "light" && dark.matches) ? "dark" : "light";
    root.dataset.text = kept("text") || "";
    // The colour of the browser's own bars: the one in index.html follows the system only.
    var bars = root.dataset.theme === "dark" ? "#181a1f" : "#f7f9fa";
    document.querySelectorAll("meta[name=theme-color]").forEach(function (meta) { meta.content = bars; });
  }
  apply();
  if (dark.addEventListener) dark.addEventListener("change", apply);
  // Fired by another tab's choice, or dispatched by this one.
  addEventListener("storage", apply);
  if (!window.WebAssembly || !window.WebSocket || !("noModule" in HTMLScriptElement.prototype)) {
    root.className = "unsupported";
  }
  // Errors of elements do not bubble, so this listens in the capture phase. The program itself is
  // checked by shell/initializer.js.
  addEventListener("error", function (event) {
    if (event.target.localName === "script" && !root.className) root.className = "failed";
  }, true);
})();
