export const count = (n: number) => Math.round(n).toLocaleString("en");

// short returns the beginning of a policy revision.
export const short = (revision: string | undefined) => revision?.slice(0, 10) || "none";
