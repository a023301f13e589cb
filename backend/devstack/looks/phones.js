// 沙箱页面: fetch the living part again every two seconds; scroll only when something arrived.
const live = document.querySelector("[data-live]");
let shown = live ? live.innerHTML : "";
const bottom = () => document.querySelectorAll(".chat").forEach((chat) => { chat.scrollTop = chat.scrollHeight; });

async function refresh() {
  try {
    const answer = await fetch(live.dataset.live);
    const text = await answer.text();
    if (!answer.ok || text === shown) return;
    const before = live.querySelectorAll(".card, .bubble").length;
    live.innerHTML = shown = text;
    const cards = live.querySelectorAll(".card, .bubble");
    if (cards.length > before) {
      cards.forEach((card, i) => i >= before && card.classList.add("new"));
      bottom();
    }
  } catch { /* the sandbox is restarting; the next round will find it */ }
}

async function press(event) {
  const button = event.target.closest("button[data-post], button[data-get]");
  if (!button) return;
  if (button.dataset.post) {
    await fetch(button.dataset.post, { method: "POST", body: button.dataset.body });
    location.reload();
  } else {
    const answer = await (await fetch(button.dataset.get)).json();
    button.parentElement.querySelector("output").textContent = answer[button.dataset.show];
  }
}

bottom();
document.addEventListener("click", press);
if (live) setInterval(refresh, 2000);
