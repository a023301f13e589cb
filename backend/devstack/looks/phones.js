// 沙箱页面: fetch the living parts again every two seconds; scroll only when something arrived.
const bottom = (behavior) => document.querySelectorAll(".chat").forEach((chat) => {
  chat.scrollTo({ top: chat.scrollHeight, behavior });
});

async function refresh(part) {
  try {
    const answer = await fetch(part.dataset.live);
    const text = await answer.text();
    if (!answer.ok || text === part.shown) return;
    const before = part.querySelectorAll(".card, .bubble").length;
    part.innerHTML = part.shown = text;
    const cards = part.querySelectorAll(".card, .bubble");
    if (cards.length > before) {
      cards.forEach((card, i) => i >= before && card.classList.add("new"));
      bottom("smooth");
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

bottom("instant");
document.addEventListener("click", press);
setInterval(() => document.querySelectorAll("[data-live]").forEach(refresh), 2000);
