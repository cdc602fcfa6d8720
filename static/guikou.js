// A few lines for comfort. Every page works without them; nothing here decides, counts money or hides a button.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (node) => node.matches("input, textarea, select, [contenteditable]");

  // Tick boxes: <form data-ticks>, one input[data-all], rows' input[name=pick]; [data-picked] counts, [data-needs-pick] waits.
  let last = null;
  const count = (box) => {
    const rows = all("input[name=pick]:not(:disabled)", box);
    const picked = rows.filter((row) => row.checked).length;
    all("[data-all]", box).forEach((head) => {
      head.checked = picked > 0 && picked === rows.length;
      head.indeterminate = picked > 0 && picked < rows.length;
    });
    all("[data-picked]", box).forEach((node) => {
      const text = picked ? `已选 ${picked} ${node.dataset.picked || "项"}` : "";
      if (node.textContent !== text) node.textContent = text;
    });
    all("[data-needs-pick]", box).forEach((button) => { button.disabled = picked === 0; });
  };
  document.addEventListener("click", (event) => {
    const tick = event.target.closest?.("input[name=pick]");
    if (!tick) return;
    const rows = all("input[name=pick]:not(:disabled)", tick.closest("[data-ticks]") || document);
    if (event.shiftKey && last && rows.includes(last)) {
      const ends = [rows.indexOf(last), rows.indexOf(tick)].sort((a, b) => a - b);
      rows.slice(ends[0], ends[1] + 1).forEach((row) => { row.checked = tick.checked; });
    }
    last = tick;
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-ticks]");
    if (box && event.target.matches("[data-all]")) {
      all("input[name=pick]:not(:disabled)", box).forEach((row) => { row.checked = event.target.checked; });
    }
    if (box) setTimeout(count, 0, box);
    if (event.target.matches("select, [type=checkbox]")) event.target.closest("form[data-autosend]")?.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    // 常用意见 into the opinion; pressed again, the next one is added.
    const chip = event.target.closest("[data-fill]");
    if (chip) {
      const input = document.getElementById(chip.dataset.fill);
      const text = chip.textContent.trim();
      if (!input.value.includes(text)) input.value += text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    }
    // The text of a box into the clipboard; a page without https has none of its own and copies the selection.
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const box = document.getElementById(copy.dataset.copy);
      box.select();
      if (navigator.clipboard) navigator.clipboard.writeText(box.value); else document.execCommand("copy");
      copy.textContent = "已复制";
    }
    if (event.target.closest("[data-print]")) window.print();
    // A menu closes when one presses elsewhere.
    if (event.target.closest("dialog")) return;
    all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details[data-menu][open]");
    if (event.key === "Escape" && open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = all("[data-search], main input[type=search]").find((node) => node.offsetParent);
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (event.key === "j" || event.key === "k") {
      const links = all("table.sheet tbody tr").map((row) => row.querySelector("a[href]")).filter(Boolean);
      const row = document.activeElement.closest("table.sheet tbody tr");
      const at = row ? links.indexOf(row.querySelector("a[href]")) : -1;
      links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
    }
  });

  // Asking before what can't be taken back: data-confirm on a button. The server asks by a page where confirmed=1 is missing.
  const ask = (form, button) => {
    const box = document.createElement("dialog");
    box.className = "ask";
    box.innerHTML = '<form method="dialog"><p></p><div class="buttons"><button class="button" value="no">取消</button>' +
      '<button class="button is-primary" value="yes">确定</button></div></form>';
    box.querySelector("p").textContent = button.dataset.confirm;
    box.addEventListener("close", () => {
      box.remove();
      if (box.returnValue !== "yes") { button.focus(); return; }
      form.querySelectorAll("input[data-confirmed]").forEach((node) => node.remove());
      form.insertAdjacentHTML("beforeend", '<input type="hidden" name="confirmed" value="1" data-confirmed>');
      form.dataset.confirmed = "1";
      form.requestSubmit(button);
    });
    document.body.append(box);
    box.showModal();
  };

  // Before htmx and the browser see it: needed opinion, question, second press.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.method === "dialog") return;
    const needed = button?.dataset.needs && document.getElementById(button.dataset.needs);
    const stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (needed) {
      const what = needed.labels?.[0]?.textContent.trim() || "意见";
      needed.setCustomValidity(needed.value.trim() ? "" : `请写明${what}。`);
      needed.oninput = () => needed.setCustomValidity("");
      if (!needed.reportValidity()) { stop(); return; }
    }
    if (button?.dataset.confirm && !form.dataset.confirmed) { stop(); ask(form, button); return; }
    delete form.dataset.confirmed;
    if (form.dataset.sent) { stop(); return; }
    if (form.method !== "post") return;
    form.dataset.sent = "1";
    delete form.dataset.dirty;
    const buttons = all("button, input[type=submit]", form).filter((node) => !node.disabled);
    // Later than this event, or the pressed button's own name and value wouldn't be sent.
    setTimeout(() => buttons.forEach((node) => { node.disabled = true; node.dataset.held = "1"; }), 0);
    setTimeout(free, 15000); // a download leaves the page where it is
  }, true);
  const free = () => {
    all("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    all("[data-held]").forEach((node) => { node.disabled = false; delete node.dataset.held; });
    all("[data-ticks]").forEach(count);
  };
  window.addEventListener("pageshow", free);
  document.addEventListener("htmx:afterRequest", free);
  document.addEventListener("htmx:load", () => all("[data-ticks]").forEach(count));

  // Half-filled forms (data-guard) aren't lost by a slip; a file can be dropped on its box.
  document.addEventListener("input", (event) => { const form = event.target.closest("form[data-guard]"); if (form) form.dataset.dirty = "1"; });
  window.addEventListener("beforeunload", (event) => { if (document.querySelector("form[data-dirty]")) event.preventDefault(); });
  ["dragenter", "dragover", "dragleave", "drop"].forEach((kind) => document.addEventListener(kind, (event) => {
    const box = event.target.closest?.("[data-drop]");
    box?.classList.toggle("over", kind === "dragenter" || kind === "dragover");
  }));

  // A fragment asked for after the session ended: sign in; the network gone: say so.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/login/")) { event.detail.shouldSwap = false; location.reload(); }
  });
  const say = (text) => {
    const node = document.createElement("div");
    node.className = "msg msg-error";
    node.textContent = text;
    document.getElementById("messages")?.replaceChildren(node);
  };
  document.addEventListener("htmx:sendError", () => say("网络连接中断，刚才的操作没有完成，请稍后重试。"));
  document.addEventListener("htmx:responseError", () => say("服务器没有完成刚才的操作，请刷新页面后重试。"));
  document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
