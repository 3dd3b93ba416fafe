// Renders /openapi.json. Owns the page's structure and its anchors: each route has one, and each error code has the
// one that error bodies link to (`/docs#invalid_filter`).

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

// Text of the contract marks code by backticks; everything else is plain.
const prose = (text = "") =>
  text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));

const table = (caption, head, rows) =>
  element("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, ...rows)));

const resolve = (contract, part) =>
  part?.$ref ? part.$ref.split("/").slice(1).reduce((at, key) => at[key], contract) : part;

const typeOf = (contract, schema = {}) => {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.oneOf) return schema.oneOf.map((one) => typeOf(contract, one)).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (schema.type === "array") return `list of ${typeOf(contract, schema.items)}`;
  return [schema.type].flat().join(" or ");
};

const limits = (schema = {}) =>
  [
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
    schema.minimum !== undefined && `at least ${schema.minimum}`,
    schema.maximum !== undefined && `at most ${schema.maximum}`,
    schema.maxItems !== undefined && `at most ${schema.maxItems} entries`,
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
  ].filter(Boolean).join(", ");

const row = (id, ...cells) => element("tr", id ? { id } : {}, ...cells.map((cell) => element("td", {}, ...[cell].flat())));

const fields = (contract, caption, properties) =>
  table(caption, ["Name", "Type", "Meaning"], Object.entries(properties).map(([name, schema]) =>
    row(null, element("code", {}, name), typeOf(contract, schema),
      [...prose(schema.description), " ", element("span", { class: "soft" }, limits(schema))])));

const parameters = (contract, operation) => {
  const rows = (operation.parameters ?? []).map((part) => resolve(contract, part)).map((part) =>
    row(null, element("code", {}, part.name), typeOf(contract, part.schema),
      [...prose(part.description), " ", element("span", { class: "soft" }, limits(part.schema))]));
  return rows.length ? [table("Parameters", ["Parameter", "Type", "Meaning"], rows)] : [];
};

const body = (contract, operation) => {
  const content = operation.requestBody?.content;
  if (!content) return [];
  const kinds = Object.entries(content).flatMap(([type, { schema }], index) =>
    [index ? ", " : "", element("code", {}, type), ` (${typeOf(contract, schema)})`]);
  const inline = content["application/json"]?.schema?.properties;
  return [element("p", {}, "Body: ", ...kinds), ...(inline ? [fields(contract, "Body", inline)] : [])];
};

const answers = (contract, operation) => {
  const parts = Object.entries(operation.responses).map(([status, answer]) =>
    row(null, element("code", {}, status), prose(resolve(contract, answer).description)));
  return table("Answers", ["Status", "Answer"], parts);
};

const anchor = (method, path) => `${method}-${path}`.replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "");

const operation = (contract, path, method, described) => [
  element("h3", { id: anchor(method, path) }, element("span", { class: "method" }, method.toUpperCase()), " ",
    element("code", {}, path)),
  element("p", {}, ...prose(`${described.summary}. ${described.description ?? ""}`)),
  ...parameters(contract, described),
  ...body(contract, described),
  answers(contract, described),
];

const section = (id, title, ...children) => element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);

const render = (contract) => {
  document.getElementById("version").textContent = contract.info.version;
  document.getElementById("summary").replaceChildren(...prose(`${contract.info.summary} ${contract.info.description}`));
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })));
  const byTag = contract.tags.map((tag) => section(tag.name, tag.name[0].toUpperCase() + tag.name.slice(1),
    element("p", { class: "soft" }, tag.description),
    ...operations.filter(({ described }) => described.tags.includes(tag.name))
      .flatMap(({ path, method, described }) => operation(contract, path, method, described))));
  const schemas = Object.entries(contract.components.schemas).filter(([, schema]) => schema.properties)
    .flatMap(([name, schema]) => [element("h3", { id: `schema-${name}` }, name), fields(contract, name, schema.properties)]);
  const errors = table("Errors", ["Code", "Status", "Meaning"], contract["x-errors"].map(({ code, status, meaning }) =>
    row(code, element("code", {}, code), String(status), prose(meaning))));
  document.getElementById("contract").replaceChildren(...byTag, section("errors", "Errors", errors), section("schemas", "Schemas", ...schemas));
  const links = [...contract.tags.map((tag) => tag.name), "errors", "schemas"];
  document.getElementById("contents").replaceChildren(element("ul", {}, ...links.map((name) =>
    element("li", {}, element("a", { href: `#${name}` }, name)))));
  // The anchor did not exist when the browser looked for it.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
};

try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}`);
  render(await answer.json());
} catch (error) {
  document.getElementById("contract").replaceChildren(element("p", { role: "alert" }, `The contract cannot be shown: ${error.message}`));
}
