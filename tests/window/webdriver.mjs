// The WebDriver protocol (W3C Recommendation) over fetch, as far as the window test needs it.

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const POLL_MS = 100;

export class Window {
  /** Opens the application in its window. `server`: URL of tauri-driver. */
  static async open(server, application, args) {
    const options = { application, args };
    const { sessionId } = await request(`${server}/session`, "POST", {
      capabilities: { alwaysMatch: { "tauri:options": options, browserName: "wry" } },
    });
    return new Window(`${server}/session/${sessionId}`);
  }

  constructor(session) {
    this.session = session;
  }

  close() {
    return request(this.session, "DELETE");
  }

  /** Runs the body of a function in the page; `arguments` are its arguments. */
  run(script, ...args) {
    return this.#post("/execute/sync", { script, args });
  }

  async screenshot() {
    return Buffer.from(await request(`${this.session}/screenshot`, "GET"), "base64");
  }

  /** The first shown element of a role whose accessible name is `name` (text or regular expression). */
  async find(role, name, timeoutMs = 20_000) {
    const { source, flags } = name instanceof RegExp ? name : new RegExp(`^${escape(name)}$`);
    return until(`${role} ${source}`, timeoutMs, () => this.run(FIND, role, source, flags));
  }

  /** The page may draw itself anew between finding and doing: then it is found once more. */
  async #on(role, name, timeoutMs, act) {
    for (let attempt = 0; ; attempt += 1) {
      const element = await this.find(role, name, timeoutMs);
      try {
        return await act(element);
      } catch (failure) {
        if (attempt >= 5 || !/stale element/.test(failure.message)) throw failure;
      }
    }
  }

  async click(role, name, timeoutMs) {
    await this.#on(role, name, timeoutMs, (element) =>
      role === "radio" || role === "checkbox"
        ? // Its label is what a person hits; the input itself is drawn over.
          this.#post("/execute/sync", { script: "arguments[0].click()", args: [element] })
        : this.#post(`/element/${element[ELEMENT]}/click`, {}),
    );
  }

  async text(role, name) {
    const element = await this.find(role, name);
    return request(`${this.session}/element/${element[ELEMENT]}/text`, "GET");
  }

  async type(role, name, text) {
    await this.#on(role, name, undefined, (element) => this.#post(`/element/${element[ELEMENT]}/value`, { text }));
  }

  /** Waits until the page's text matches. */
  sees(pattern, timeoutMs = 60_000) {
    return until(`text ${pattern}`, timeoutMs, async () =>
      pattern.test(await this.run("return document.body.innerText")),
    );
  }

  /** Waits until a script answers something true. */
  holds(what, script, timeoutMs = 60_000) {
    return until(what, timeoutMs, () => this.run(script));
  }

  #post(path, body) {
    return request(this.session + path, "POST", body);
  }
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// In the page: role and name as assistive technology sees them, near enough for our own screens.
const FIND = `
  const [role, source, flags] = arguments;
  const selectors = {
    button: "button, [role=button]",
    link: "a[href]",
    radio: "[role=radio], input[type=radio]",
    checkbox: "[role=checkbox], input[type=checkbox]",
    textbox: "input:not([type=radio]):not([type=checkbox]), textarea",
    menuitem: "[role^=menuitem]",
    tab: "[role=tab]",
    image: "canvas[role=img], [role=img]",
  };
  const name = (e) => {
    const labels = e.labels ? [...e.labels].map((l) => l.innerText).join(" ") : "";
    return (e.getAttribute("aria-label") || labels || e.innerText || "").replace(/\\s+/g, " ").trim();
  };
  const shown = (e) => e.getClientRects().length > 0 && !e.disabled;
  return [...document.querySelectorAll(selectors[role])]
    .find((e) => shown(e) && new RegExp(source, flags).test(name(e))) ?? null;
`;

/** Asks again until the answer is true, and fails with what was waited for. */
export async function until(what, timeoutMs, ask) {
  const end = Date.now() + timeoutMs;
  let last;
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (failure) {
      last = failure;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  } while (Date.now() < end);
  throw new Error(`not within ${timeoutMs / 1000} s: ${what}${last ? ` (${last.message})` : ""}`);
}

async function request(url, method, body) {
  const answer = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value?.error}: ${value?.message}`);
  return value;
}
