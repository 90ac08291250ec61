/**
 * Our own lint rules: time is handed in (`clock.ts` alone reads it), and the domain touches nothing.
 */

/** Files that may read the time or wait: the clock, code that runs in a browser, and what drives tests and scripts. */
const mayReadTime = ["/src/clock.ts", "/web/client/", "/tests/", "/scripts/"];
const timeMembers: Readonly<Record<string, readonly string[]>> = {
  Date: ["now"],
  Temporal: ["Now"],
  performance: ["now"],
};
/** A time zone is a setting, not a time. */
const notTime = ["timeZoneId"];
const mayPrint = ["/tests/", "/scripts/"];
/** The domain is pure, and a driver touches nothing but its DriverIo. */
const withoutIo = ["/src/domain/", "/src/drivers/"];
const timers = ["setTimeout", "setInterval"];

const plugin: Deno.lint.Plugin = {
  name: "filagram",
  rules: {
    "time-is-handed-in": {
      create(context) {
        if (mayReadTime.some((place) => context.filename.includes(place))) return {};
        const report = (node: Deno.lint.Node, what: string) =>
          context.report({ node, message: `${what} outside clock.ts`, hint: "Take a Clock as a parameter." });
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            if (!timeMembers[node.object.name]?.includes(node.property.name)) return;
            const parent = node.parent;
            const next = parent?.type === "MemberExpression" && parent.property.type === "Identifier"
              ? parent.property.name
              : "";
            if (!notTime.includes(next)) report(node, `${node.object.name}.${node.property.name}`);
          },
          NewExpression(node) {
            if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0) {
              report(node, "new Date()");
            }
          },
          CallExpression(node) {
            if (node.callee.type === "Identifier" && timers.includes(node.callee.name)) report(node, node.callee.name);
          },
        };
      },
    },
    "no-console": {
      create(context) {
        if (mayPrint.some((place) => context.filename.includes(place))) return {};
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.object.name !== "console") return;
            context.report({ node, message: "console in the product", hint: "Use the Log, or a command's Terminal." });
          },
        };
      },
    },
    "no-io": {
      create(context) {
        if (!withoutIo.some((place) => context.filename.includes(place))) return {};
        const report = (node: Deno.lint.Node, name: string) =>
          context.report({
            node,
            message: `${name} where nothing may be touched`,
            hint: "Hand it in: a value, or DriverIo.",
          });
        return {
          MemberExpression(node) {
            if (node.object.type === "Identifier" && node.object.name === "Deno") report(node, "Deno");
          },
          CallExpression(node) {
            if (node.callee.type === "Identifier" && node.callee.name === "fetch") report(node, "fetch");
          },
        };
      },
    },
  },
};

export default plugin;
