/** A pixel worker that cannot do its work, as on a machine that its native part was not built for. */
throw new Error("unsupported arch/platform");
