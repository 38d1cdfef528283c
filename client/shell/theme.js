// Runs before the first paint: the theme and the text size that were chosen, and whether this
// browser can run the page at all and all of its scripts came. Plain old JavaScript, so that an old browser gets that far.
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
    // The browser's own bars: what index.html says follows the system alone.
    var bars = root.dataset.theme === "dark" ? "#181a1f" : "#f7f9fa";
    document.querySelectorAll("meta[name=theme-color]").forEach(function (meta) { meta.content = bars; });
  }
  apply();
  if (dark.addEventListener) dark.addEventListener("change", apply);
  // Another tab chose, or this one says that it did.
  addEventListener("storage", apply);
  if (!window.WebAssembly || !window.WebSocket || !("noModule" in HTMLScriptElement.prototype)) {
    root.className = "unsupported";
  }
  // Errors of elements do not bubble. The program itself is the matter of shell/initializer.js.
  addEventListener("error", function (event) {
    if (event.target.localName === "script" && !root.className) root.className = "failed";
  }, true);
})();
