// Faces as buttons: a click opens one, or picks it while picking is on (Shift picks a range).
const build = (face, data) => {
  const button = document.createElement("button");
  button.type = "button";
  button.title = face.title;
  if (face.faded) button.className = "faded";
  const image = document.createElement("img");
  image.src = face.src;
  image.alt = data.hidden ? `Hidden face, ${face.title}` : face.title;
  image.draggable = false;
  button.append(image);
  if (face.caption) {
    const caption = document.createElement("div");
    caption.className = "caption";
    caption.style.setProperty("--colour", face.colour);
    const words = document.createElement("span");
    words.textContent = face.caption;
    if (face.colour) caption.append(document.createElement("i"));
    caption.append(words);
    if (face.note) {
      const note = document.createElement("b");
      note.textContent = face.note;
      caption.append(note);
    }
    button.append(caption);
  }
  return button;
};

export default function (component) {
  const { data, parentElement, setTriggerValue, setStateValue } = component;
  const grid = parentElement.querySelector(".grid");
  grid.className = "grid";
  grid.classList.toggle("hidden", data.hidden);
  grid.classList.toggle("smooth", data.smooth);
  grid.style.setProperty("--side", `${data.side}px`);
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", data.label);
  // The same faces again keep their buttons, and with them the keyboard's focus.
  const content = `${data.page} ${data.hidden}`;
  if (grid.dataset.content !== content) {
    grid.dataset.content = content;
    delete grid.dataset.last;
    grid.replaceChildren(...data.faces.map((face) => build(face, data)));
  }
  const buttons = [...grid.children];
  const picked = new Set(data.picked);
  let last = null;

  const show = (index) => {
    if (data.picking) buttons[index].setAttribute("aria-pressed", picked.has(data.faces[index].row));
    else buttons[index].removeAttribute("aria-pressed");
  };
  const pick = (index, isRange) => {
    const on = !picked.has(data.faces[index].row);
    const start = isRange && last !== null ? last : index;
    for (let i = Math.min(start, index); i <= Math.max(start, index); i += 1) {
      if (on) picked.add(data.faces[i].row);
      else picked.delete(data.faces[i].row);
      show(i);
    }
    last = index;
    grid.dataset.last = index;
    setStateValue("picked", { page: data.page, rows: [...picked] });
  };
  if (grid.dataset.last) last = Math.min(Number(grid.dataset.last), buttons.length - 1);
  buttons.forEach((button, index) => {
    show(index);
    button.onclick = (event) => {
      if (data.picking) pick(index, event.shiftKey);
      else setTriggerValue("opened", data.faces[index].row);
    };
  });
}
