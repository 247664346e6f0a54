mod limits;
mod methods;
mod refusals;
mod script;
mod session;
