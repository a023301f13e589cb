"""Documents (文书): receipts, notices and decisions as PDF, each with a number, a QR and a signature."""
