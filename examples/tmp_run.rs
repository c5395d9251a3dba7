//! x
fn main() {
    for f in std::env::args().skip(1) {
        match bearpit::scenario::Scenario::load(f.as_ref(), &[]) {
            Err(d) => println!("{}", d),
            Ok(s) => {
                let t = std::time::Instant::now();
                let mut b = s.lay_out().unwrap();
                b.sink(Box::new(L));
                let mut m = b.open().unwrap();
                m.run().unwrap();
                println!(
                    "{} events {} trades {:?}",
                    m.world().events(),
                    m.world().domain().tape().trades(),
                    t.elapsed()
                );
                for p in m.participants() {
                    let a = m.world().domain().account(p.id).unwrap();
                    if a.is_tracked() {
                        let (x, y) = m.equity_span(p);
                        println!(
                            "{} {} -> {} fills {} refused {} {:?} pos {}",
                            p.name,
                            x,
                            y,
                            a.fills(),
                            a.refused(),
                            m.world().domain().failure(p.id),
                            a.holding(bearpit::units::InstrumentId::new(0))
                        )
                    }
                }
                println!("{}", m.digest());
            }
        }
    }
}
#[derive(Debug)]
struct L;
impl bearpit::market::TapeSink for L {
    fn take(&mut self, s: bearpit::market::Stamped<'_>) -> Result<(), String> {
        if let bearpit::market::Fact::Logged { text, .. } = s.fact {
            if std::env::var("LOG").is_ok() {
                println!("{} {}", s.at, text);
            }
        }
        Ok(())
    }
}
