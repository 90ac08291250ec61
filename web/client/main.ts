/**
 * What the page does beyond standing still: it follows what happens, and shows a test step by step. Without this script
 * it reads and tests all the same.
 */
import { follow } from "./follow.ts";
import { showTests } from "./show_tests.ts";

follow();
showTests();
