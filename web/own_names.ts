/**
 * Which names and origins are this page's own: a page somewhere on the internet must not speak through the owner's
 * browser (DNS rebinding, cross-site requests).
 */

const hostPattern = /^(\[[0-9a-f:.]+\]|[^:/@\\?#\s]+)(:\d{1,5})?$/i;

/** The name in a Host header, in lower case, without port and brackets; undefined where it is none. */
export function hostName(host: string): string | undefined {
  return hostPattern.exec(host)?.[1]?.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name === "::1" || isLoopbackAddress(name);
}

/** Also as an IPv6 socket names an IPv4 peer. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

function isIpLiteral(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(":");
}

/**
 * Whether a request for this host is meant for us. An IP literal cannot be rebound, so beyond loopback any will do.
 */
export function isOwnHost(host: string, { listen, machine }: { listen: string; machine: string }): boolean {
  const name = hostName(host);
  if (name === undefined) return false;
  if (isLoopbackName(name) || name === listen.toLowerCase()) return true;
  if (machine && [machine, `${machine}.local`].some((own) => own.toLowerCase() === name)) return true;
  return !isLoopbackName(listen) && isIpLiteral(name);
}

/** Whether a browser says that the request comes from a page of the same host. A missing or hidden origin is none. */
export function isSameOrigin(origin: string | undefined, host: string): boolean {
  if (!origin || !/^https?:\/\//i.test(origin)) return false;
  try {
    const { host: from, protocol } = new URL(origin);
    return from === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}

/** Where to go after the login: a path of ours, or the first page. */
export function localPath(text: string | undefined): string {
  if (!text || !/^\/(?![/\\])/.test(text)) return "/";
  const url = new URL(text, "http://page.invalid");
  return url.host === "page.invalid" ? url.pathname + url.search : "/";
}
