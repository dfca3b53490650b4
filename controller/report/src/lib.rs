//! controller/report
