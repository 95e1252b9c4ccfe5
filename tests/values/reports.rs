use color_eyre::{Section, SectionExt};
#[test]
fn sample() {
    color_eyre::install().unwrap();
    let make = || {
        Err::<(), _>(std::io::Error::other("no such\nfile"))
    };
    use color_eyre::eyre::WrapErr;
    let r = make().wrap_err("reading\ncouplings").wrap_err("flow failed").suggestion("lower the step\nor more").note("a note\nof two lines").warning("beware").with_section(|| "line 1\nline 2".header("Solver output:")).section("plain section").error(std::io::Error::other("another")).unwrap_err();
    println!("<<<{r:?}>>>");
    let r = color_eyre::eyre::eyre!("single");
    println!("<<<{r:?}>>>");
    
    let r = anyhow::Context::context(make(), "reading\ncouplings").map_err(|e: anyhow::Error| e.context("flow failed")).unwrap_err();
    println!("<<<{r:?}>>>");
    let r = anyhow::Context::context(make(), "reading\ncouplings").unwrap_err();
    println!("<<<{r:?}>>>");
}
